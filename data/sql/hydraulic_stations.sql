copy (
select a.asset_id, a.kind, (a.attributes ->> 'head_mpa')::double precision as head_mpa,
       coalesce(a.attributes ->> 'pumped_side', '') as pumped_side,
       (a.attributes ->> 'design_power_mw')::double precision as design_power_mw
  from asset a
 where a.city_id = %(city_id)s
   and a.kind in ('relay_pump_station', 'relay_energy_station', 'isolating_station')
   and a.valid_to_at is null
 order by a.asset_id
) to stdout (format csv, header)
