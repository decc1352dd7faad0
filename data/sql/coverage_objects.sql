-- what areas can be of, with a polygon of its own where it has one
select a.asset_id, a.kind, a.code, a.name, a.company_id, a.area_id,
       case when st_dimension(a.geom) = 2 then st_asbinary(st_force2d(a.geom)) end
  from asset a
 where a.city_id = %(city_id)s
   and a.kind = any(%(kinds)s::text[])
   and a.valid_to_at is null
 order by a.asset_id
