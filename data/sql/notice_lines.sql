-- what a message says of its alarms, as a scope sees them
select l.alarm_id, l.asset_id, a.name as asset_name, a.kind as asset_kind, r.code as rule_code, r.name_zh as rule_zh,
       r.name_en as rule_en, r.point, r.per_h, l.level, l.value, l.limit_value, l.raised_at, l.active, l.acknowledged,
       coalesce(n.advice_zh, '') as advice_zh, coalesce(n.advice_en, '') as advice_en,
       st_x(st_pointonsurface(a.geom)) as lon, st_y(st_pointonsurface(a.geom)) as lat
  from alarm l
  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
  left join notice_rule n on n.city_id = r.city_id and n.rule_code = r.code
 where {scope:a}
   and l.city_id = $1
   and l.alarm_id = any($5::bigint[])
 order by l.level, l.raised_at, l.alarm_id
