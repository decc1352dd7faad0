-- changes of one city are made one after another
select pg_advisory_xact_lock(hashtext('heat-twin archive'), $1::int)
