delete from rollout_factor where city_id = $1 and name = $2
