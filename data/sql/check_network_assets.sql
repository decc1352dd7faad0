copy (
select a.asset_id, a.code
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind in (
       'pipe', 'valve', 'substation', 'plant', 'boiler_house', 'building_inlet', 'building', 'company', 'relay_pump_station',
       'relay_energy_station', 'isolating_station', 'accumulator'
   )
) to stdout (format csv, header)
