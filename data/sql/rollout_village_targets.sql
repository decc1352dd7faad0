-- targets that villages have of their own
update rollout_sum s
   set target_household_count = t.target_household_count,
       target_area_m2 = t.target_area_m2,
       target_rate = t.target_rate
  from rollout_area a
  join rollout_target_stated t on t.area_id = a.area_id
 where s.city_id = %(city_id)s and a.city_id = s.city_id and a.area_id = s.area_id and a.kind = 'village' and t.year = s.year
   and (s.target_household_count, s.target_area_m2, s.target_rate) is distinct from (t.target_household_count, t.target_area_m2, t.target_rate)
