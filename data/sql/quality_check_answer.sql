update quality_check
set state = 'answered', answered_by = $3, answered_at = now(), answer = $4, suggested = $5
where city_id = $1 and check_id = $2
