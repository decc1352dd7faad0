delete from rollout_part p
 where p.city_id = %(city_id)s
   and (p.area_id = any(%(villages)s::int[]) or %(villages)s::int[] is null
        or exists (select 1 from rollout_area a where a.city_id = p.city_id and a.area_id = p.area_id and a.kind <> 'village'))
