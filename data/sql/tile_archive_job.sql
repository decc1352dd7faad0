-- the newest job of an archive of tiles whose parameters hold those in $2
select job_id, state, seat, parameters, progress, message, error, created_at, finished_at,
       state = 'queued' and created_at < clock_timestamp() - interval '1 minute' as lost
  from job
 where kind = 'archive' and city_id = $1 and parameters @> $2::jsonb
 order by job_id desc
 limit 1
