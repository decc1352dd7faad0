-- hours of use since a day ($5) by area
select u.area_id, sum(d.in_use_hours) as in_use_hours, sum(d.heating_hours) as heating_hours
  from rollout_use d
  join rollout_area a on a.city_id = d.city_id and a.area_id = d.village_id
 cross join lateral unnest(array[a.area_id, a.township_id, a.district_id, a.zone_id, 0]) as u (area_id)
 where {part:rollout_seen}
   and d.day >= $5::date
   and u.area_id is not null
 group by u.area_id
