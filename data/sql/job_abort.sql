update job
   set state = case when cancel_requested then 'cancelled' else 'failed' end, error = $2, finished_at = clock_timestamp()
 where job_id = $1 and state in ('queued', 'running')
