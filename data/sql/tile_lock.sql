select pg_advisory_xact_lock(hashtext('tile_tables'), %(city_id)s)
