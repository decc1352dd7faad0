select pg_try_advisory_lock(hashtext('job'), %(job_id)s::int)
