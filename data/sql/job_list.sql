select job_id, city_id, kind, state, seat, progress, message, cancel_requested, result, error, created_at, started_at, finished_at
  from job
 where ($1::int is null or city_id is null or city_id = $1::int)
   and ($2::text is null or state = $2::text)
   and ($3::bigint is null or job_id = $3::bigint)
 order by job_id desc
 limit $4
