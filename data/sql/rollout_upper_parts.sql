-- the same of townships, districts, zones and the city, and projects by technical type: count, scale, money planned, scale done
insert into rollout_part (city_id, area_id, dimension, key, row_count, amount, planned, done)
select p.city_id, u.area_id, p.dimension, p.key, sum(p.row_count), sum(p.amount), sum(p.planned), sum(p.done)
  from rollout_part p
  join rollout_area a on a.city_id = p.city_id and a.area_id = p.area_id and a.kind = 'village'
 cross join lateral unnest(array[a.township_id, a.district_id, a.zone_id, 0]) as u (area_id)
 where p.city_id = %(city_id)s and u.area_id is not null
 group by 1, 2, 3, 4
 union all
select %(city_id)s, j.area_id, 'technical_type', j.technical_type, j.project_count, j.scale_m2,
       coalesce(j.planned_central_cny, 0.0) + coalesce(j.planned_local_cny, 0.0) + coalesce(j.planned_company_cny, 0.0), j.done_m2
  from rollout_project j
