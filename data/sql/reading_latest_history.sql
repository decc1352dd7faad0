-- the last frame of each source of a city since $2, put together as one value of bytes a schema
select l.schema_id,
       string_agg(int4send(l.source_id) || timestamptz_send(l.observed_at) || int4send(l.delay_s) || l.payload, ''::bytea) as packed
from source s
join lateral (
    select f.schema_id, f.source_id, f.observed_at, f.delay_s, f.payload
    from reading_frame f
    where f.city_id = s.city_id and f.source_id = s.source_id and f.schema_id = s.schema_id and f.observed_at >= $2::timestamptz
    order by f.observed_at desc
    limit 1
) l on true
where s.city_id = $1
group by l.schema_id
