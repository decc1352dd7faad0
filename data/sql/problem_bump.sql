-- tiles of problems show what is so now
update tile_version v
   set assets_version = c.assets_version, built_at = clock_timestamp()
  from city c
 where v.city_id = %(city_id)s
   and v.tileset = 'problems'
   and c.city_id = v.city_id
