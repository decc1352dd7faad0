delete from interval_pipe where city_id = %(city_id)s
