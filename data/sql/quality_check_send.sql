update quality_check set state = 'sent', sent_by = $3, sent_at = now() where city_id = $1 and check_id = $2
