insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'station_in_other_building', s.asset_id || '+' || b.asset_id, array[s.asset_id, b.asset_id], s.asset_id,
       jsonb_build_object('other', b.code, 'substation', a.attributes ->> 'substation_code')
  from (
        select a.asset_id, a.code,
               st_affine(st_centroid(a.geom), %(east_m)s, 0, 0, %(north_m)s, -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s) as m
          from asset a
         where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = 'substation' and a.geom is not null
       ) s
  join check_shape b on b.kind = 'building' and st_contains(b.m, s.m)
  join asset a on a.city_id = %(city_id)s and a.asset_id = b.asset_id and a.valid_to_at is null
 where a.attributes ->> 'substation_code' <> s.code
   -- a building of several systems is heated by several substations
   and not exists (
       select 1
         from asset i
        where i.city_id = %(city_id)s
          and i.valid_to_at is null
          and i.kind = 'building_inlet'
          and i.attributes ->> 'building_code' = b.code
          and i.attributes ->> 'substation_code' = s.code
   )
