-- everything that a change of the contents changes, and when they were counted
select c.name_zh, c.name_en, c.synthetic, c.attribution, c.assets_version,
       v.assets_version as counted_version, v.built_at as counted_at,
       (select max(i.import_id) from import_run i where i.city_id = c.city_id) as import_id,
       (select max(r.added_at) from raster_layer r where r.city_id = c.city_id) as raster_at
  from city c
  left join tile_version v on v.city_id = c.city_id and v.tileset = 'assets'
 where c.city_id = $1
