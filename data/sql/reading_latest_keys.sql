-- frames by their keys $3, $4 (between $5 and $6), put together as one value of bytes
select string_agg(int4send(f.source_id) || timestamptz_send(f.observed_at) || int4send(f.delay_s) || f.payload, ''::bytea) as packed
from unnest($3::int[], $4::timestamptz[]) as k (source_id, observed_at)
join reading_frame f on f.city_id = $1 and f.source_id = k.source_id and f.observed_at = k.observed_at
where f.schema_id = $2 and f.observed_at between $5::timestamptz and $6::timestamptz
