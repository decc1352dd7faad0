insert into check_found (rule, key, asset_ids, asset_id, detail)
select case when a.kind = 'estate' then 'estates_overlap' else 'areas_overlap' end,
       a.asset_id || '+' || b.asset_id, array[a.asset_id, b.asset_id], a.asset_id,
       jsonb_build_object(
           'other', b.code, 'area', round(s.shared_m2::numeric),
           'percent', round((100 * s.shared_m2 / least(a.area_m2, b.area_m2))::numeric, 1)
       )
  from check_shape a
  join check_shape b on b.kind = a.kind and b.asset_id > a.asset_id and b.m && a.m and st_intersects(a.m, b.m)
 cross join lateral (select st_area(st_intersection(a.m, b.m)) as shared_m2) s
 where a.kind in ('estate', 'district', 'subdistrict', 'community', 'township')
   and s.shared_m2 > 100
   and s.shared_m2 > case when a.kind = 'estate' then 0.02 else 0.01 end * least(a.area_m2, b.area_m2)
