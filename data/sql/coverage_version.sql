select c.assets_version, v.assets_version as derived_version, v.built_at
  from city c
  left join coverage_version v on v.city_id = c.city_id
 where c.city_id = $1
