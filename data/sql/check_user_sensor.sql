insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'user_sensor_differs', r.kind || ' ' || r.row_id, array[s.asset_id], r.kind, r.row_id, jsonb_build_object('other', s.code)
  from register_row r
  join asset s
    on s.city_id = r.city_id and s.valid_to_at is null and s.kind = 'room_sensor' and s.code = r.attributes ->> 'room_sensor_code'
  -- a sensor of a building that does not exist is a problem of its own
  join asset b on b.city_id = r.city_id and b.valid_to_at is null and b.kind = 'building' and b.code = s.attributes ->> 'building_code'
 where r.city_id = %(city_id)s
   and r.kind = 'heat_user'
   and (s.attributes ->> 'building_code' <> r.attributes ->> 'building_code' or s.attributes ->> 'heat_user_code' <> r.code)
