select commit_id, transaction_id, city_id, received_ms, alarms, moved
from reading_commit
where city_id = $1
order by commit_id
