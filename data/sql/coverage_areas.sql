-- declared areas of something that is among the assets; several areas of one object count together
select case a.kind when 'licence_area' then 'licence' else o.kind end as of_kind, o.asset_id, st_asbinary(st_force2d(a.geom))
  from asset a
  join asset o
    on o.city_id = a.city_id
   and o.kind = case a.kind when 'licence_area' then 'company' else a.attributes ->> 'of_kind' end
   and o.code = case a.kind when 'licence_area' then a.attributes ->> 'company_code' else a.attributes ->> 'of_code' end
   and o.valid_to_at is null
 where a.city_id = %(city_id)s
   and a.kind in ('coverage_area', 'licence_area')
   and a.valid_to_at is null
   and st_dimension(a.geom) = 2
 order by a.asset_id
