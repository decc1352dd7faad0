-- the copy is the one without inlets, else without heat users, else the later one; without difference nothing is proposed
insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select case when p.share > 0.8 then 'building_twice' else 'buildings_overlap' end,
       p.a_id || '+' || p.b_id, array[p.a_id, p.b_id], p.copy_id,
       jsonb_build_object(
           'other', case when p.copy_id = p.a_id then p.b_code else p.a_code end,
           'percent', round(100 * p.share::numeric), 'area', round(p.shared_m2::numeric, 1)
       ),
       case
           when p.share > 0.8 and p.certain then jsonb_build_object(
               'action', 'retire',
               'values', jsonb_build_object('target', case when p.copy_id = p.a_id then p.a_code else p.b_code end),
               'edits', jsonb_build_array(jsonb_build_object('asset_id', p.copy_id, 'retire', true))
           )
       end
  from (
        select o.*,
               case when o.a_hangs < o.b_hangs then o.a_id else o.b_id end as copy_id,
               o.a_hangs <> o.b_hangs as certain
          from (
                select a.asset_id as a_id, b.asset_id as b_id, a.code as a_code, b.code as b_code, s.shared_m2,
                       s.shared_m2 / greatest(a.area_m2, b.area_m2) as share,
                       coalesce(ha.things, 0) as a_hangs, coalesce(hb.things, 0) as b_hangs
                  from check_shape a
                  join check_shape b on b.kind = 'building' and b.asset_id > a.asset_id and a.m && b.m
                 cross join lateral (
                       select case when st_intersects(a.m, b.m) then st_area(st_intersection(a.m, b.m)) else 0 end as shared_m2
                       ) s
                  left join check_hangs ha on ha.code = a.code
                  left join check_hangs hb on hb.code = b.code
                 where a.kind = 'building'
                   and s.shared_m2 > 5
                   and s.shared_m2 > 0.05 * least(a.area_m2, b.area_m2)
               ) o
       ) p
