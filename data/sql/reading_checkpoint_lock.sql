-- one server writes it at a time
select pg_advisory_xact_lock(hashtext('checkpoint of latest frames'))
