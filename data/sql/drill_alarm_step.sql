-- $5 drill, $6 alarm, $7 seat, $8 true = acknowledge, false = clear
update drill_alarm l
   set acknowledged_at = case when $8::boolean then coalesce(l.acknowledged_at, now()) else l.acknowledged_at end,
       acknowledged_by = case when $8::boolean then coalesce(l.acknowledged_by, $7) else l.acknowledged_by end,
       cleared_at = case when $8::boolean then l.cleared_at else coalesce(l.cleared_at, now()) end
  from asset a, drill d
 where {scope:a}
   and a.asset_id = l.asset_id and a.valid_to_at is null and l.city_id = $1
   and d.city_id = $1 and d.drill_id = l.drill_id and d.ended_at is null and d.ends_at > now()
   and l.drill_id = $5 and l.drill_alarm_id = $6
returning l.drill_alarm_id
