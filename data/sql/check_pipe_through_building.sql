-- the cheap questions first; `offset 0` keeps the length from being computed twice
insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'pipe_through_building', s.pipe_id || '+' || s.building_id, array[s.pipe_id, s.building_id], s.pipe_id,
       jsonb_build_object('other', s.building, 'metres', round(s.inside_m::numeric, 1))
  from (
        select p.asset_id as pipe_id, b.asset_id as building_id, b.code as building,
               case
                   when st_dwithin(st_endpoint(p.m), b.m, 0.5) or st_dwithin(st_startpoint(p.m), b.m, 0.5) then 0
                   when st_intersects(b.m, p.m) then st_length(st_intersection(b.m, p.m))
                   else 0
               end as inside_m
          from (
                select a.asset_id,
                       st_affine(
                           st_force2d(a.geom), %(east_m)s, 0, 0, %(north_m)s, -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s
                       ) as m
                  from asset a
                 where a.city_id = %(city_id)s
                   and a.valid_to_at is null
                   and a.kind = 'pipe'
                   and st_geometrytype(a.geom) = 'ST_LineString'
                   and not st_isempty(a.geom)
                   -- a pipe above ground may cross a building's outline on the roof or the wall
                   and coalesce(a.attributes ->> 'burial_method', '1') <> '6'
                offset 0
               ) p
          join check_shape b on b.kind = 'building' and b.m && p.m
        offset 0
       ) s
 where s.inside_m > 2
