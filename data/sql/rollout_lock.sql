select pg_advisory_xact_lock(hashtext('rollout'), %(city_id)s)
