select s.year from rollout_sum s where s.city_id = %(city_id)s and s.area_id = 0 order by s.year
