delete from rollout_sum where city_id = %(city_id)s
