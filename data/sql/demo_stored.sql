select city_id, name_zh, synthetic from city where city_id = %(city_id)s
