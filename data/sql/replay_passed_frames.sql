-- of each of the sources $2 from $3 up to (not with) $4: the last hot frame that had come by $5, and those after it, which came later
-- a frame that came more than $6 seconds after its time is never played
select f.schema_id, s.source_id, timestamptz_send(f.observed_at) || int4send(f.delay_s) || f.payload as rows
from unnest($2::int[]) as s (source_id)
left join lateral (
    select k.observed_at
    from reading_frame k
    where k.city_id = $1 and k.source_id = s.source_id
      and k.observed_at >= $3::timestamptz and k.observed_at < $4::timestamptz
      and k.observed_at + make_interval(secs => k.delay_s) <= $5::timestamptz and k.delay_s <= $6::int
    order by k.observed_at desc
    limit 1
) l on true
cross join lateral (
    select r.schema_id, r.observed_at, r.delay_s, r.payload
    from reading_frame r
    where r.city_id = $1 and r.source_id = s.source_id
      and r.observed_at >= coalesce(l.observed_at, $3::timestamptz) and r.observed_at < $4::timestamptz and r.delay_s <= $6::int
    -- kept apart: else the planner may read the whole stretch to join it
    offset 0
) f
order by s.source_id, f.observed_at
