select city_id, seat, parameters from job where job_id = %(job_id)s
