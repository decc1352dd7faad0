select state from quality_check where city_id = $1 and check_id = $2 for update
