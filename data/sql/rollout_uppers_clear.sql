delete from rollout_sum s
 using rollout_area a
 where s.city_id = %(city_id)s and a.city_id = s.city_id and a.area_id = s.area_id and a.kind <> 'village'
