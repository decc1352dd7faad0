select pg_advisory_xact_lock(hashtext('sources of city'), $1::int)
