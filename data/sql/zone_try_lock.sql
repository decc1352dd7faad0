select pg_try_advisory_lock(hashtext('zones'), %(city_id)s)
