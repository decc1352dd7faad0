-- what is built of one city: version, when, and the extent of the city in degrees for the TileJSON
select v.tileset, v.assets_version, v.built_at
  from tile_version v
 where v.city_id = $1 and ($2::text is null or v.tileset = $2::text)
 order by v.tileset
