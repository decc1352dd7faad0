-- plans of one city are written one after another
select pg_advisory_xact_lock(hashtext('heat-twin plans'), $1::int)
