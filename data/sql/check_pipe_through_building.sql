insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'pipe_through_building', p.asset_id || '+' || b.asset_id, array[p.asset_id, b.asset_id], p.asset_id,
       jsonb_build_object('other', b.code, 'metres', round(s.inside_m::numeric, 1))
  from (
        select a.asset_id,
               st_affine(st_force2d(a.geom), %(east_m)s, 0, 0, %(north_m)s, -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s) as m
          from asset a
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and a.kind = 'pipe'
           and st_geometrytype(a.geom) = 'ST_LineString'
           and not st_isempty(a.geom)
           -- a pipe above ground may cross a building's outline on the roof or the wall
           and coalesce(a.attributes ->> 'burial_method', '1') <> '6'
       ) p
  join check_shape b on b.kind = 'building' and b.m && p.m and st_intersects(b.m, p.m)
 cross join lateral (select st_length(st_intersection(b.m, p.m)) as inside_m) s
 where s.inside_m > 2
   and not st_dwithin(st_startpoint(p.m), b.m, 0.5)
   and not st_dwithin(st_endpoint(p.m), b.m, 0.5)
