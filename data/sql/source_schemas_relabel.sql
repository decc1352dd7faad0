-- other labels, periods and clauses; names, slots and ranges stay
update frame_schema f
set points = new.row -> 'points'
from jsonb_array_elements($2::jsonb) as new (row)
where f.city_id = $1 and f.schema_id = (new.row ->> 'schema_id')::int
