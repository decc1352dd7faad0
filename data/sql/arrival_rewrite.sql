update arrival_hour set counts = %(counts)s, totals = %(totals)s, written_at = clock_timestamp()
where city_id = %(city_id)s and schema_id = %(schema_id)s and hour_at = %(hour_at)s
