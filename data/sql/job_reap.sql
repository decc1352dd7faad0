-- a running job holds an advisory lock for as long as its process lives
with held as materialized (
    select objid::bigint as job_id from pg_locks
     where locktype = 'advisory' and objsubid = 2 and classid = hashtext('job')::bigint::bit(32)::bigint::oid
       and database = (select oid from pg_database where datname = current_database())
)
update job
   set state = case when cancel_requested then 'cancelled' else 'failed' end,
       error = 'the process that ran it ended',
       finished_at = clock_timestamp()
 where state = 'running' and job_id not in (select job_id from held)
