select count(*) = 1
  from coverage_version v
  join city c using (city_id, assets_version, network_version)
 where c.city_id = %(city_id)s
