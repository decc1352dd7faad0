update job set city_id = %(city_id)s where job_id = %(job_id)s
