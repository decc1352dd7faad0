-- device types of the households of one energy; $2: energy
select p.key as device_type
  from rollout_part p
 where p.city_id = $1 and p.area_id = 0 and p.dimension = 'type'
   and exists (
        select 1 from register_row r
         where r.city_id = $1 and r.kind = 'household' and r.attributes ->> 'retrofit_type' = p.key
           and r.attributes ->> 'energy_type' = $2::text
       )
