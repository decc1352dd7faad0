select rule_id, source_id from alarm where city_id = $1 and active
