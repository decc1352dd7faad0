-- let a rule ring at a visible asset, in a drill that runs
insert into drill_alarm (city_id, drill_id, rule_id, asset_id, seat)
select $1, d.drill_id, r.rule_id, a.asset_id, $8
  from drill d
  join alarm_rule r on r.city_id = d.city_id and r.code = $7
  join asset a on a.city_id = d.city_id and a.asset_id = $6 and a.valid_to_at is null
 where {scope:a}
   and d.drill_id = $5 and d.ended_at is null and d.ends_at > now()
returning drill_alarm_id
