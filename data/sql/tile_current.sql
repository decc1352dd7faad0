-- true when all tilesets were built from the present assets
select count(*) = 5
  from tile_version v
  join city c using (city_id, assets_version)
 where c.city_id = %(city_id)s and v.tileset in ('base', 'network', 'buildings', 'assets', 'coverage')
