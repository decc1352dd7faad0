-- alarms that come to an incident are kept off the sound, but for one that is graver than all that ring for it: the incident rings by it
with joined as (
    insert into incident_alarm (city_id, incident_id, alarm_id)
    select $1, $2, alarm_id from unnest($3::bigint[]) as alarm_id
), gravest as (
    select l.alarm_id
      from alarm l
     where l.city_id = $1
       and l.alarm_id = any($3::bigint[])
       and l.level < coalesce((
               select min(o.level)
                 from incident_alarm m
                 join alarm o on o.city_id = m.city_id and o.alarm_id = m.alarm_id
                where m.city_id = $1 and m.incident_id = $2 and m.until_at is null and not o.suppressed
           ), 99)
     order by l.level, l.raised_at, l.alarm_id
     limit 1
), quiet as (
    update alarm set suppressed = true
     where city_id = $1
       and alarm_id = any($3::bigint[])
       and alarm_id not in (select alarm_id from gravest)
       and not suppressed
    returning alarm_id
)
insert into alarm_transition (city_id, alarm_id, transition, seat, note)
select $1, alarm_id, 'suppressed', $4, $2::text from quiet
