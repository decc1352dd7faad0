-- assets that should be in a tile table and are in none, by kind: nothing is left out silently; kinds in `optional` may be without a place
select a.kind, count(*)
  from asset a
 where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = any(%(kinds)s::text[])
   and (a.geom is not null or a.kind <> all(%(optional)s::text[]))
   and not exists (select from tile_pipe t where t.city_id = a.city_id and t.asset_id = a.asset_id)
   and not exists (select from tile_building t where t.city_id = a.city_id and t.asset_id = a.asset_id)
   and not exists (select from tile_point t where t.city_id = a.city_id and t.asset_id = a.asset_id)
   and not exists (select from tile_base t where t.city_id = a.city_id and t.asset_id = a.asset_id)
   and not exists (select from tile_coverage t where t.city_id = a.city_id and t.asset_id = a.asset_id)
 group by a.kind
 order by a.kind
