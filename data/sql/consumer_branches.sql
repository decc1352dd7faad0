copy (
select a.asset_id, b.asset_id as branch_id
  from asset a
  join asset_key b on b.city_id = a.city_id and b.kind = 'plant_branch' and b.code = a.attributes ->> 'branch_code'
 where a.city_id = %(city_id)s
   and a.kind in ('substation', 'relay_pump_station', 'relay_energy_station', 'isolating_station')
   and a.valid_to_at is null
) to stdout (format csv, header)
