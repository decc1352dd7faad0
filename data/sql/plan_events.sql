select version, event, seat, note, content, happened_at
  from plan_event
 where city_id = $1
   and plan_id = $2
 order by version
