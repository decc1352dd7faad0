-- moves a city on by one window, if it stands at its beginning; waits for another server that does the same
update rollup_progress set done_until_at = $3 where city_id = $1 and done_until_at = $2 returning true
