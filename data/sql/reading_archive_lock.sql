-- one writer of the archive at a time, however many servers and commands there are; ends with its connection
select pg_try_advisory_lock(hashtext('heat-twin reading archive'))
