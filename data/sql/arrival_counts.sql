select counts, totals, written_at
from arrival_hour
where city_id = $1 and schema_id = $2 and hour_at = $3::timestamptz
