-- every open alarm of a city with the incident that holds it, whoever may see it
select l.alarm_id, l.rule_id, l.asset_id, l.level, l.raised_at, m.incident_id,
       l.out_of_service or coalesce(l.false_alarm, false)
           or exists (select 1 from incident_alarm t where t.city_id = l.city_id and t.alarm_id = l.alarm_id and t.taken_out) as passed_over
  from alarm l
  left join incident_alarm m on m.city_id = l.city_id and m.alarm_id = l.alarm_id and m.until_at is null
 where l.city_id = $1
   and l.active
 order by l.alarm_id
