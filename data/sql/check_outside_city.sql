-- only where districts are drawn; what may cross their border is not asked
insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'outside_city', a.asset_id::text, array[a.asset_id], a.asset_id, jsonb_build_object('metres', round(n.metres::numeric))
  from asset a
 cross join lateral (
       select min(st_distance(
                  d.m,
                  st_affine(st_pointonsurface(st_force2d(a.geom)), %(east_m)s, 0, 0, %(north_m)s,
                            -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s)
              )) as metres
         from check_shape d
        where d.kind = 'district'
       ) n
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.geom is not null
   and not st_isempty(a.geom)
   and a.area_id is null
   and a.kind <> all(array['district', 'zone', 'road', 'crossing', 'water', 'green', 'coverage_area', 'licence_area', 'authority'])
   and n.metres > 0
