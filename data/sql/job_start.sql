update job
   set state = 'running', started_at = clock_timestamp()
 where job_id = %(job_id)s and state = 'queued' and not cancel_requested
returning job_id
