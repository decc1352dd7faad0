select v.version, v.seat, v.note, v.changed_at, v.rule
  from alarm_rule_version v
  join alarm_rule r on r.city_id = v.city_id and r.rule_id = v.rule_id
 where v.city_id = $1
   and r.code = $2
 order by v.version desc
