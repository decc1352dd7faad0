-- borders of subdistricts follow streets and leave the line of the district: what counts is how far the middle is off
insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'outside_parent_area', a.asset_id::text, array[a.asset_id, p.asset_id], a.asset_id,
       jsonb_build_object('parent', p.code, 'metres', round(d.metres::numeric))
  from asset a
  join check_shape p
    on p.code = a.attributes ->> 'parent_code'
   and p.kind = any(array['district', 'subdistrict', 'township'])
   and p.asset_id <> a.asset_id
 cross join lateral (
       select st_distance(
                  p.m,
                  st_affine(st_pointonsurface(st_force2d(a.geom)), %(east_m)s, 0, 0, %(north_m)s,
                            -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s)
              ) as metres
       ) d
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind in ('subdistrict', 'community', 'township', 'village')
   and a.geom is not null
   and st_isvalid(a.geom)
   and d.metres > 2000
