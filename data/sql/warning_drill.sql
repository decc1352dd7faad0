select drill_id from warning where city_id = $1 and warning_id = $2
