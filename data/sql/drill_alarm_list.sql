-- alarms of a drill at visible assets: $5 drill
select l.drill_alarm_id, l.drill_id, l.asset_id, a.name as asset_name, a.kind as asset_kind, r.code as rule_code,
       r.name_zh as rule_name_zh, r.name_en as rule_name_en, r.level, l.seat, l.raised_at, l.acknowledged_at, l.acknowledged_by,
       l.cleared_at, st_x(st_pointonsurface(a.geom)) as lon, st_y(st_pointonsurface(a.geom)) as lat
  from drill_alarm l
  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
 where {scope:a}
   and l.drill_id = $5
 order by l.cleared_at is not null, r.level, l.drill_alarm_id desc
 limit 1000
