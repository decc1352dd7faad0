-- heating devices with the areas of their village and the group of their household
select d.asset_id, coalesce(d.attributes ->> 'device_type', '') as device_type, (d.attributes ->> 'power_kw')::float8 as power_kw,
       v.area_id as village_id, v.township_id, v.district_id, v.zone_id, 0 as city_id,
       case when h.attributes ->> 'household_group' = 'control' then 'control'
            when (h.attributes ->> 'insulated')::boolean then 'insulated'
            else 'retrofitted' end as household_group
  from asset d
  join rollout_area v on v.city_id = d.city_id and v.kind = 'village' and v.code = d.attributes ->> 'village_code'
  left join register_row h on h.city_id = d.city_id and h.kind = 'household' and h.code = d.attributes ->> 'household_code'
 where d.city_id = $1
   and d.kind = 'heating_device'
   and d.valid_to_at is null
 order by d.asset_id
