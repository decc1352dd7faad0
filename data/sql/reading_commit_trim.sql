-- the commits of a city that a checkpoint covers: of transactions before $2, or among $3; the youngest stay for other servers
delete from reading_commit
where city_id = $1
  and (transaction_id < $2 or commit_id = any($3::bigint[]))
  and received_ms < (extract(epoch from $4::timestamptz) * 1000)::bigint
