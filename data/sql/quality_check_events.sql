select action, seat, note, value, happened_at
from quality_check_event
where city_id = $1 and check_id = $2
order by event_id
limit 200
