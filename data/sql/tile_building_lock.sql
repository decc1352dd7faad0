select pg_advisory_lock(hashtext('heat-twin tiles'), %(city_id)s)
