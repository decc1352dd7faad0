select coalesce(max(transition_id), 0) from alarm_transition where city_id = $1
