-- frames of one source from $3 up to (not with) $4, the first $5: of each schema its times, and two stretches of its payloads,
-- each end to end in one and the same order. Where the stretches begin (from 1) and how long they are stands in $6 to $9 at the number
-- of the schema; of a schema that is not known there they are null
select f.schema_id, count(*) as frames,
       string_agg(timestamptz_send(f.observed_at), ''::bytea) as at,
       string_agg(substring(f.payload, ($6::int[])[f.schema_id], ($7::int[])[f.schema_id]), ''::bytea) as shown,
       string_agg(substring(f.payload, ($8::int[])[f.schema_id], ($9::int[])[f.schema_id]), ''::bytea) as flags
from (
    select r.schema_id, r.observed_at, r.payload
    from reading_frame r
    where r.city_id = $1 and r.source_id = $2 and r.observed_at >= $3::timestamptz and r.observed_at < $4::timestamptz
    order by r.observed_at
    limit $5
) f
group by f.schema_id
