-- held by the connection; one restore of a database at a time
select pg_try_advisory_lock(hashtextextended('heat-twin restore ' || %(name)s::text, 0))
