-- tiles of problems show what was decided
update tile_version
   set built_at = clock_timestamp()
 where city_id = $1
   and tileset = 'problems'
