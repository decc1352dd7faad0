-- frames of a schema from $3 up to (not with) $4, of the sources $5
select f.source_id, f.observed_at, f.delay_s, f.payload
from reading_frame f
where f.city_id = $1 and f.schema_id = $2 and f.observed_at >= $3 and f.observed_at < $4 and f.source_id = any($5::int[])
