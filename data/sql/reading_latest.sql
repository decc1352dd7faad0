-- the last frame of each source of a city; where the unlogged checkpoint lost it, from history since $2
select s.source_id, (extract(epoch from l.observed_at) * 1000)::bigint as observed_ms, l.gauges, l.totals, l.quality
from source s
join lateral (
    select c.observed_at, c.gauges, c.totals, c.quality
    from latest_frame c
    where c.city_id = s.city_id and c.source_id = s.source_id
    union all
    (
        select f.observed_at, f.gauges, f.totals, f.quality
        from reading_frame f
        where f.city_id = s.city_id and f.source_id = s.source_id and f.observed_at >= $2::timestamptz
          and not exists (select 1 from latest_frame c where c.city_id = s.city_id and c.source_id = s.source_id)
        order by f.observed_at desc
        limit 1
    )
) l on true
where s.city_id = $1
