-- the log of one visible alarm, oldest first
select t.transition_id, t.transition, t.seat, t.happened_at, t.note
  from alarm_transition t
  join alarm l on l.city_id = t.city_id and l.alarm_id = t.alarm_id
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
 where {scope:a}
   and t.alarm_id = $5
 order by t.transition_id
