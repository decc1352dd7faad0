select log_id, word, state, seat, happened_at, note
  from incident_log
 where city_id = $1
   and incident_id = $2
   and happened_at <= $3
 order by log_id
