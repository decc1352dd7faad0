-- commits of transactions from $1 on that are not among $2, and always a row: the oldest transaction that is under way
select h.horizon, c.commit_id, c.transaction_id, c.city_id, c.received_ms, c.alarms, c.moved
from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon) h
left join reading_commit c on c.transaction_id >= $1 and c.commit_id <> all($2::bigint[])
order by c.commit_id
