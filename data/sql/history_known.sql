-- how far the roll-ups of a city reach, whether a source ($2, or null) has some of one minute, and which of its are to be made again
select p.done_until_at, c.zone, now() as now, m.marked_from_at, m.marked_until_at,
       coalesce((select s.period_s < 60 from source s where s.city_id = c.city_id and s.source_id = $2::int), false) as fast
from city c
left join rollup_progress p on p.city_id = c.city_id
left join lateral (
    select min(r.start_at) as marked_from_at,
           max(r.start_at + case when r.source_id = 0 then interval '1 day' else interval '1 hour' end) as marked_until_at
    from rollup_mark r
    where r.city_id = c.city_id and r.source_id in (0, $2::int)
) m on true
where c.city_id = $1
