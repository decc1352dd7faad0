select j.job_id, j.state, j.progress, j.message, j.error, j.seat, j.parameters, j.created_at, j.finished_at, r.result, r.solved_at
  from job j
  left join what_if_result r on r.job_id = j.job_id and r.city_id = j.city_id
 where j.job_id = $1
   and j.city_id = $2
   and j.kind = 'what_if'
