select name, value from rollout_factor where city_id = %(city_id)s
