delete from rollup_block where city_id = $1 and every_s = $2 and last_at < $3
