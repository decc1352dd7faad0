update incident_answer
   set leak = $3::jsonb
 where city_id = $1
   and incident_id = $2
   and version = (select max(version) from incident_answer where city_id = $1 and incident_id = $2)
