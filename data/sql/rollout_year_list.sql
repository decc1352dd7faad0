select s.year from rollout_sum s where s.city_id = $1 and s.area_id = 0 order by s.year
