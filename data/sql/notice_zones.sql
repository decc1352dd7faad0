select city_id, zone from city order by city_id
