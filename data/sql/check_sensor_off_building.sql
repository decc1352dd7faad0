insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'sensor_off_building', s.asset_id::text, array[s.asset_id, b.asset_id], s.asset_id,
       jsonb_build_object('other', b.code, 'metres', round(d.metres::numeric))
  from asset s
  join check_shape b on b.kind = 'building' and b.code = s.attributes ->> 'building_code'
 cross join lateral (
       select st_distance(
                  b.m,
                  st_affine(st_centroid(s.geom), %(east_m)s, 0, 0, %(north_m)s, -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s)
              ) as metres
       ) d
 where s.city_id = %(city_id)s
   and s.valid_to_at is null
   and s.kind = 'room_sensor'
   and d.metres > 30
