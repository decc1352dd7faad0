select pg_advisory_xact_lock(hashtext('coverage'), %(city_id)s)
