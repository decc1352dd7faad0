-- a border may be drawn twice, a little apart
insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'outside_parent_area', a.asset_id::text, array[a.asset_id, a.parent_id], a.asset_id,
       jsonb_build_object('parent', a.parent, 'percent', round(100 * a.share::numeric))
  from (
        select c.asset_id, p.asset_id as parent_id, p.code as parent,
               1 - st_area(st_intersection(c.m, p.m)) / c.area_m2 as share
          from check_shape c
          join asset a on a.city_id = %(city_id)s and a.asset_id = c.asset_id and a.valid_to_at is null
          join check_shape p
            on p.code = a.attributes ->> 'parent_code'
           and p.kind = any(array['district', 'subdistrict', 'township'])
           and p.asset_id <> c.asset_id
         where c.kind in ('subdistrict', 'community', 'township')
        union all
        select a.asset_id, p.asset_id, p.code,
               case
                   when st_distance(
                            p.m,
                            st_affine(st_pointonsurface(st_force2d(a.geom)), %(east_m)s, 0, 0, %(north_m)s,
                                      -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s)
                        ) > 100
                   then 1 else 0
               end
          from asset a
          join check_shape p
            on p.code = a.attributes ->> 'parent_code'
           and p.kind = any(array['district', 'subdistrict', 'township'])
         where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = 'village' and a.geom is not null
       ) a
 where a.share > 0.02
