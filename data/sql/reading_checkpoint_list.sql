select schema_id, part, data
from latest_checkpoint
where city_id = $1
order by schema_id, part
