-- when the last alarm of an incident was over, by the clock of its device, never later than now
select least(max(l.cleared_at), now())
  from incident_alarm m
  join alarm l on l.city_id = m.city_id and l.alarm_id = m.alarm_id
 where m.city_id = $1 and m.incident_id = $2 and m.until_at is null
