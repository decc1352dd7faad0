-- $5: village, $6 limit, $7 offset
select d.asset_id, d.code, d.name, coalesce(d.attributes ->> 'device_type', '') as device_type,
       (d.attributes ->> 'power_kw')::float8 as power_kw, count(*) over () as total
  from asset d
  join asset_key v on v.city_id = d.city_id and v.kind = 'village' and v.asset_id = $5::int
 where {scope:d}
   and d.kind = 'heating_device'
   and d.valid_to_at is null
   and d.attributes ->> 'village_code' = v.code
 order by d.code
 limit $6 offset $7
