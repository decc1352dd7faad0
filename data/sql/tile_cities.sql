-- every city with what is built of it; a city without tiles has one row without a tileset. Areas of the rollout are there once
-- their sums are
select c.city_id, v.tileset, v.assets_version, v.built_at, c.assets_version as present_version
  from city c
  left join tile_version v
    on v.city_id = c.city_id
   and (v.tileset <> 'rollout' or exists (select from rollout_version r where r.city_id = c.city_id))
 order by c.city_id, v.tileset
