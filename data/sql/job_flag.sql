select state, cancel_requested from job where job_id = $1
