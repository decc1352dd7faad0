select pg_advisory_lock(hashtext('heat-twin reading archive'))
