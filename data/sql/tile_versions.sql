-- what is built of one city: version, when, and the extent of the city in degrees for the TileJSON
select v.tileset, v.assets_version, v.built_at, c.assets_version as present_version
  from tile_version v
  join city c on c.city_id = v.city_id
 where v.city_id = $1 and ($2::text is null or v.tileset = $2::text)
   and (v.tileset <> 'rollout' or exists (select from rollout_version r where r.city_id = v.city_id))
 order by v.tileset
