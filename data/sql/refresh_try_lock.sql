select pg_try_advisory_lock(hashtext('heat-twin refresh'), %(city_id)s)
