-- shelves whose end has come: of open and of closed alarms
with ended as (
    update alarm
       set shelved_until = null
     where shelved_until <= now()
    returning city_id, alarm_id, shelved_until
), logged as (
    insert into alarm_transition (city_id, alarm_id, transition, seat)
    select city_id, alarm_id, 'unshelved', $1
      from ended
)
select distinct city_id from ended
