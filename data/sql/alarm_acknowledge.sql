-- acknowledging again changes nothing and keeps the first seat
with acknowledged as (
    update alarm set acknowledged = true
    where city_id = $1 and alarm_id = $2 and not acknowledged
    returning alarm_id
)
insert into alarm_transition (city_id, alarm_id, transition, seat, note)
select $1, alarm_id, 'acknowledged', $3, $4
from acknowledged
