select network_version, valve_version
  from city
 where city_id = $1
