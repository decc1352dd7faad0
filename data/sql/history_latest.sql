-- the newest hot frame of some sources
select l.schema_id, s.source_id, timestamptz_send(l.observed_at) || int4send(l.delay_s) || l.payload as rows
from unnest($2::int[]) as s (source_id)
cross join lateral (
    select f.schema_id, f.observed_at, f.delay_s, f.payload
    from reading_frame f
    where f.city_id = $1 and f.source_id = s.source_id
    order by f.observed_at desc
    limit 1
) l
order by s.source_id
