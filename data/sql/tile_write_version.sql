insert into tile_version (city_id, tileset, assets_version, built_at)
select c.city_id, t.tileset, c.assets_version, clock_timestamp()
  from city c, unnest(%(tilesets)s::text[]) as t (tileset)
 where c.city_id = %(city_id)s
    on conflict (city_id, tileset) do update
   set assets_version = excluded.assets_version, built_at = excluded.built_at
