-- nothing has been stored of this hour for $4 seconds, and all of it is counted. A commit under way holds the row: this waits for
-- it, and sees its mark
update arrival_hour set open = false
where city_id = $1 and schema_id = $2 and hour_at = $3::timestamptz
  and marked_at <= clock_timestamp() - make_interval(secs => $4::double precision)
returning true
