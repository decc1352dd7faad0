-- sources that the program made go from the schemas $2 to $3
update source s
set schema_id = moved.newer
from unnest($2::int[], $3::int[]) as moved (older, newer)
where s.city_id = $1 and s.schema_id = moved.older and s.seat = ''
