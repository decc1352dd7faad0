-- $5: area, $6: dimension
select p.key, p.row_count, p.amount, p.planned, p.done
  from rollout_part p
  join rollout_area a on a.city_id = p.city_id and a.area_id = p.area_id
 where {part:rollout_seen}
   and p.area_id = $5::int
   and p.dimension = $6::text
 order by p.row_count desc, p.key
