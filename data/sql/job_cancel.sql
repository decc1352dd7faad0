update job
   set cancel_requested = true,
       state = case state when 'queued' then 'cancelled' else state end,
       finished_at = case state when 'queued' then clock_timestamp() else finished_at end
 where job_id = $1 and ($2::int is null or city_id is null or city_id = $2::int) and state in ('queued', 'running')
returning job_id
