insert into rollup_progress (city_id, done_until_at) values ($1, $2) on conflict (city_id) do nothing
