select e.event, e.seat, e.happened_at, e.note
  from warning_event e
 where e.city_id = $1
   and e.warning_id = $2
 order by e.event_id
