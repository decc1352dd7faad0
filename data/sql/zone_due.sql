select c.city_id, c.network_version, c.valve_version, s.swept_at,
       s.network_version is distinct from c.network_version or s.valve_version is distinct from c.valve_version as moved_on
  from city c
  left join zone_sweep s on s.city_id = c.city_id
 order by c.city_id
