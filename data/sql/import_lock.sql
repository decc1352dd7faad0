-- one import of a city at a time; other cities go on
select pg_advisory_xact_lock(hashtext('heat-twin import'), %(city_id)s)
