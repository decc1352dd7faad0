-- who sent how much is kept for a while only, how much came in all for ever
update arrival_hour set counts = null
where city_id = $1 and hour_at < $2::timestamptz and counts is not null and not open
