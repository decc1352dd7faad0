insert into check_found (rule, key, asset_ids, asset_id, detail)
select distinct on (b.asset_id) 'building_on_water', b.asset_id::text, array[b.asset_id, w.asset_id], b.asset_id,
       jsonb_build_object('other', w.code, 'percent', round(100 * (s.shared_m2 / b.area_m2)::numeric))
  from check_shape w
  join check_shape b on b.kind = 'building' and b.m && w.m and st_intersects(b.m, w.m)
 cross join lateral (select st_area(st_intersection(b.m, w.m)) as shared_m2) s
 where w.kind = 'water'
   and s.shared_m2 > 0.1 * b.area_m2
 order by b.asset_id, s.shared_m2 desc, w.asset_id
