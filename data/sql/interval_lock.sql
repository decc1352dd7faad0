select pg_advisory_xact_lock(hashtext('heat-twin intervals'), %(city_id)s)
