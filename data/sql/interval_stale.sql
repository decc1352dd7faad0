-- cities whose network has moved on since their intervals were written; those without a network have none
select c.city_id, c.network_version, c.valve_version
  from city c
  left join interval_version w on w.city_id = c.city_id
 where (w.network_version, w.valve_version) is distinct from (c.network_version, c.valve_version)
   and c.network_version > 0
 order by c.city_id
