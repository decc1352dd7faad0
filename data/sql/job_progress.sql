update job
   set progress = greatest(progress, %(progress)s), message = %(message)s
 where job_id = %(job_id)s
returning cancel_requested
