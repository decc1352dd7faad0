select f.name, f.value, f.source, f.seat, f.set_at from rollout_factor f where f.city_id = $1
