-- air stations with the area that they count for: the district or zone whose code they name, else the district that holds them
select s.asset_id, coalesce(z.area_id, s.area_id) as area_id
  from asset s
  left join rollout_area z on z.city_id = s.city_id and z.kind in ('district', 'zone') and z.code = s.attributes ->> 'adcode'
 where s.city_id = $1
   and s.kind = 'air_station'
   and s.valid_to_at is null
 order by s.asset_id
