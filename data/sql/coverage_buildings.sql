select a.asset_id, coalesce(e.asset_id, 0), a.company_id, a.area_id, st_asbinary(st_force2d(a.geom))
  from asset a
  left join asset e
    on e.city_id = a.city_id and e.kind = 'estate' and e.code = a.attributes ->> 'estate_code' and e.valid_to_at is null
 where a.city_id = %(city_id)s
   and a.kind = 'building'
   and a.valid_to_at is null
 order by a.asset_id
