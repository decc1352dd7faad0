select pg_advisory_xact_lock(hashtextextended('drill', $1::int))
