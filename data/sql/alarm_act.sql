with changed as (
    update alarm
       set acknowledged = $3, confirmed = $4, shelved_until = $5, suppressed = $6, out_of_service = $7, false_alarm = $8,
           acknowledged_at = case when $3 then coalesce(acknowledged_at, now()) end
     where city_id = $1 and alarm_id = $2
    returning alarm_id
)
insert into alarm_transition (city_id, alarm_id, transition, seat, note)
select $1, alarm_id, $9, $10, $11
  from changed
