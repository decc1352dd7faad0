select job_id, city_id
  from job
 where kind = 'what_if' and state = 'queued' and not cancel_requested
 order by job_id
 limit 1
