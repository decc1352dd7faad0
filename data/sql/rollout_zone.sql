select zone from city where city_id = %(city_id)s
