-- what has happened to visible alarms since a number of the log
select t.transition_id, t.transition, t.seat, t.happened_at, t.note, l.alarm_id, l.asset_id, l.level, r.code as rule_code
  from alarm_transition t
  join alarm l on l.city_id = t.city_id and l.alarm_id = t.alarm_id
  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
 where {scope:a}
   and t.city_id = $1
   and t.transition_id > $5
 order by t.transition_id
 limit $6
