select distinct on (code) code, version, definition, seat, note, written_at
from quality_rule
where city_id = $1
order by code, version desc
