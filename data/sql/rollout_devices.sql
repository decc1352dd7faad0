-- heating devices by the village that they name
create temporary table rollout_device on commit drop as
select v.area_id as village_id, (d.attributes ->> 'installed_year')::int as year,
       count(*)::float8 as device_count,
       sum((d.attributes ->> 'power_kw')::float8) as device_power_kw,
       sum((d.attributes ->> 'power_kw')::float8) filter (where d.attributes ->> 'device_type' = any(%(electric_types)s::text[])) / 1000.0
           as rural_load_mw
  from asset d
  join rollout_area v on v.city_id = d.city_id and v.kind = 'village' and v.code = d.attributes ->> 'village_code'
 where d.city_id = %(city_id)s
   and d.kind = 'heating_device'
   and d.valid_to_at is null
   and (%(villages)s::int[] is null or v.area_id = any(%(villages)s::int[]))
 group by 1, 2
