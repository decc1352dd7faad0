-- the last hot frame of each of the sources $2 from $3 up to (not with) $4 that had come by then
select l.schema_id, s.source_id, timestamptz_send(l.observed_at) || int4send(l.delay_s) || l.payload as rows
from unnest($2::int[]) as s (source_id)
cross join lateral (
    select f.schema_id, f.observed_at, f.delay_s, f.payload
    from reading_frame f
    where f.city_id = $1 and f.source_id = s.source_id
      and f.observed_at >= $3::timestamptz and f.observed_at < $4::timestamptz
      and f.observed_at + make_interval(secs => f.delay_s) < $4::timestamptz
    order by f.observed_at desc
    limit 1
) l
order by s.source_id
