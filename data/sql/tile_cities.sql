-- every city with what is built of it; a city without tiles has one row without a tileset
select c.city_id, v.tileset, v.assets_version, v.built_at, c.assets_version as present_version
  from city c
  left join tile_version v using (city_id)
 order by c.city_id, v.tileset
