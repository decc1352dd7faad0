select done_until_at from rollup_progress where city_id = $1
