-- two servers may want the same day at once
select pg_advisory_xact_lock(hashtext('reading_frame partitions'))
