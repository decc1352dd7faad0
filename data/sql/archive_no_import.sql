-- false while an import of the city is being written; it holds this lock exclusively
select pg_try_advisory_xact_lock_shared(hashtext('heat-twin import'), $1::int)
