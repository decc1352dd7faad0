insert into rollout_factor as f (city_id, name, value, source, seat) values ($1, $2, $3, $4, $5)
on conflict (city_id, name) do update
   set value = excluded.value, source = excluded.source, seat = excluded.seat, set_at = now()
