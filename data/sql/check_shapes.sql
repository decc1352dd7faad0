-- outlines in local metres, valid ones only: what lies on what is asked of them many times
create temporary table check_shape on commit drop as
select s.asset_id, s.kind, s.code, s.m, st_area(s.m) as area_m2
  from (
        select a.asset_id, a.kind, a.code,
               st_affine(
                   case when st_isvalid(a.geom) then st_force2d(a.geom) else st_makevalid(st_force2d(a.geom)) end,
                   %(east_m)s, 0, 0, %(north_m)s, -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s
               ) as m
          from asset a
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and a.geom is not null
           and a.kind in (
               'building', 'estate', 'water', 'district', 'subdistrict', 'community', 'township', 'licence_area'
           )
           and st_dimension(a.geom) = 2
       ) s
 where st_area(s.m) > 0.01
