select network_version, valve_version
  from interval_version
 where city_id = %(city_id)s
