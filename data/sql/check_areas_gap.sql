insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'areas_gap', s.asset_id::text, array[s.asset_id], s.asset_id,
       jsonb_build_object('percent', round((100 * g.gap_m2 / s.area_m2)::numeric, 1))
  from check_shape s
 cross join lateral (
       select st_area(st_difference(s.m, st_union(c.m))) as gap_m2
         from check_shape c
        where c.kind = 'community' and c.m && s.m
       ) g
 where s.kind = 'subdistrict'
   and g.gap_m2 > 0.01 * s.area_m2
   and exists (
       select 1
         from asset a
        where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = 'community' and a.attributes ->> 'parent_code' = s.code
   )
