-- alarms that leave an incident ring for themselves again; one that joins another in the same transaction is suppressed anew
with gone as (
    update incident_alarm set until_at = now(), taken_out = $4
     where city_id = $1 and incident_id = $2 and alarm_id = any($3::bigint[]) and until_at is null
    returning alarm_id
), loud as (
    update alarm set suppressed = false
     where city_id = $1 and alarm_id in (select alarm_id from gone) and suppressed
    returning alarm_id
)
insert into alarm_transition (city_id, alarm_id, transition, seat, note)
select $1, alarm_id, 'unsuppressed', $5, $2::text from loud
