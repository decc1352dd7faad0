-- alarms raised after a line of the log, with what decides who is told
select t.transition_id, l.alarm_id, l.level, r.code as rule_code, a.kind, a.area_id, a.company_id,
       coalesce(n.popup, true) as popup
  from alarm_transition t
  join alarm l on l.city_id = t.city_id and l.alarm_id = t.alarm_id
  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
  left join notice_rule n on n.city_id = r.city_id and n.rule_code = r.code
 where t.city_id = $1
   and t.transition_id > $2
   and t.transition = 'raised'
 order by t.transition_id
