-- the hot frames of the sources $2 at the times $3, the two read side by side
select f.schema_id, k.source_id, timestamptz_send(f.observed_at) || int4send(f.delay_s) || f.payload as rows
from unnest($2::int[], $3::timestamptz[]) as k (source_id, observed_at)
cross join lateral (
    select r.schema_id, r.observed_at, r.delay_s, r.payload
    from reading_frame r
    where r.city_id = $1 and r.source_id = k.source_id and r.observed_at = k.observed_at
      and r.observed_at >= $4::timestamptz and r.observed_at < $5::timestamptz
    offset 0
) f
order by k.source_id, f.observed_at
