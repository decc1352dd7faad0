select area_id from rollout_area where city_id = $1 order by area_id
