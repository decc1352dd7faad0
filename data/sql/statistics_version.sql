select c.zone, c.assets_version, v.assets_version as counted_version, v.built_at as counted_at
  from city c
  left join tile_version v on v.city_id = c.city_id and v.tileset = 'network'
 where c.city_id = $1
