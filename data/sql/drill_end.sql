update drill
   set ended_at = now(), ended_by = $3
 where city_id = $1 and drill_id = $2 and ended_at is null and ends_at > now()
returning drill_id
