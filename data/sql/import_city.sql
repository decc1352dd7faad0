-- touches the row only when something differs, so that the same delivery again changes nothing
insert into city as c (city_id, name_zh, name_en, zone, synthetic, attribution, extent, geoid_height_m)
values (%(city_id)s, %(name_zh)s, %(name_en)s, %(zone)s, %(synthetic)s, %(attribution)s, %(extent)s::float8[], %(geoid_height_m)s::float8)
on conflict (city_id) do update
   set name_zh = excluded.name_zh,
       name_en = excluded.name_en,
       zone = excluded.zone,
       synthetic = excluded.synthetic,
       attribution = excluded.attribution,
       -- a delivery of a part may state none; it does not take away what another one stated
       extent = coalesce(excluded.extent, c.extent),
       geoid_height_m = coalesce(excluded.geoid_height_m, c.geoid_height_m)
 where (c.name_zh, c.name_en, c.zone, c.synthetic, c.attribution, c.extent, c.geoid_height_m)
       is distinct from (excluded.name_zh, excluded.name_en, excluded.zone, excluded.synthetic, excluded.attribution,
                         coalesce(excluded.extent, c.extent), coalesce(excluded.geoid_height_m, c.geoid_height_m))
returning city_id
