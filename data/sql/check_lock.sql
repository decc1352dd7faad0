select pg_advisory_xact_lock(4705, %(city_id)s)
