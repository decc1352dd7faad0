insert into reading_commit (city_id, received_ms, alarms, moved)
values ($1, $2, $3, $4)
returning commit_id, transaction_id
