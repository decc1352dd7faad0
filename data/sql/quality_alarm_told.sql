update quality_alarm set told_at = $3 where city_id = $1 and quality_alarm_id = any($2::bigint[])
