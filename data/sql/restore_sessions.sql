select count(*) from pg_stat_activity where datname = %(name)s and pid <> pg_backend_pid() and backend_type = 'client backend'
