-- rows of the tile tables of a city are written by one transaction after another
select pg_advisory_xact_lock(hashtext('tile_tables'), %(city_id)s::int)
