select pg_advisory_xact_lock(hashtextextended('alarm_rule', $1::int))
