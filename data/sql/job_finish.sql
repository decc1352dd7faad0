update job
   set state = %(state)s, result = %(result)s::jsonb, error = %(error)s, finished_at = clock_timestamp(),
       progress = case %(state)s when 'done' then 1 else progress end
 where job_id = %(job_id)s
