select city_id
  from city
 where assets_version > 0
 order by city_id
