insert into rollout_use as u (city_id, village_id, day, in_use_hours, heating_hours)
select $1, v.village_id, ($2::timestamptz at time zone c.zone)::date, v.in_use_hours, v.heating_hours
  from unnest($3::int[], $4::float8[], $5::float8[]) as v (village_id, in_use_hours, heating_hours)
  join city c on c.city_id = $1
on conflict (city_id, village_id, day) do update
   set in_use_hours = u.in_use_hours + excluded.in_use_hours, heating_hours = u.heating_hours + excluded.heating_hours
