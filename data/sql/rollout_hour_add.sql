insert into rollout_hour as h (city_id, hour_at, district_id, household_group, device_type, room_degc, room_count)
select $1, $2, * from unnest($3::int[], $4::text[], $5::text[], $6::float8[], $7::float8[])
on conflict (city_id, hour_at, district_id, household_group, device_type) do update
   set room_degc = h.room_degc + excluded.room_degc, room_count = h.room_count + excluded.room_count
