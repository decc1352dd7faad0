select count(*) from job where kind = 'what_if' and state in ('queued', 'running')
