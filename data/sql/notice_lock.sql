-- one server at a time turns alarms of a city into messages
select pg_try_advisory_xact_lock(hashtext('heat-twin notices'), $1::int)
