-- visible substations of a solved zone with what the solve says of each
select a.asset_id, s.supply_mpa, s.return_mpa, s.flow_m3_per_h, s.flow_share, s.supply_degc
  from zone_station s
  join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
 where {scope:a}
   and s.city_id = $1
   and s.source_id = $5
 order by a.asset_id
