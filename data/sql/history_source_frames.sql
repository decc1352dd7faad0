-- frames of one source from $3 up to (not with) $4, the first $5; those of a schema end to end, oldest first
select f.schema_id,
       string_agg(timestamptz_send(f.observed_at) || int4send(f.delay_s) || f.payload, ''::bytea order by f.observed_at) as rows
from (
    select r.schema_id, r.observed_at, r.delay_s, r.payload
    from reading_frame r
    where r.city_id = $1 and r.source_id = $2 and r.observed_at >= $3::timestamptz and r.observed_at < $4::timestamptz
    order by r.observed_at
    limit $5
) f
group by f.schema_id
