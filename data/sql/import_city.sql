-- touches the row only when something differs, so that the same delivery again changes nothing
insert into city as c (city_id, name_zh, name_en, zone, synthetic, attribution)
values (%(city_id)s, %(name_zh)s, %(name_en)s, %(zone)s, %(synthetic)s, %(attribution)s)
on conflict (city_id) do update
   set name_zh = excluded.name_zh,
       name_en = excluded.name_en,
       zone = excluded.zone,
       synthetic = excluded.synthetic,
       attribution = excluded.attribution
 where (c.name_zh, c.name_en, c.zone, c.synthetic, c.attribution)
       is distinct from (excluded.name_zh, excluded.name_en, excluded.zone, excluded.synthetic, excluded.attribution)
returning city_id
