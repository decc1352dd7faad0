select code, version, definition, seat, note, written_at
from quality_rule
where city_id = $1 and code = $2
order by version desc
limit 100
