delete from rollout_area where city_id = %(city_id)s
