select city_id, sum(version)::bigint as version
  from alarm_rule
 group by city_id
