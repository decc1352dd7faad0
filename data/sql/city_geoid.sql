select geoid_height_m from city where city_id = %(city_id)s
