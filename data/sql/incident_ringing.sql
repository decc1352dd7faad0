-- alarms that an incident holds and that are open
select m.alarm_id
  from incident_alarm m
  join alarm l on l.city_id = m.city_id and l.alarm_id = m.alarm_id
 where m.city_id = $1
   and m.incident_id = $2
   and m.until_at is null
   and l.active
