select zone from city where city_id = $1
