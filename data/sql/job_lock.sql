select pg_advisory_lock(hashtext('job'), %(job_id)s::int)
