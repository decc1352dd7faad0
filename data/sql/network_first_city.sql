select min(city_id) from city
