-- main stations of the long-distance network: how many, their capacity and years; $5 area, $6 company
select a.kind, count(*) as station_count,
       sum((a.attributes ->> 'design_power_mw')::float8) as design_power_mw,
       sum((a.attributes ->> 'design_flow_t_per_h')::float8) as design_flow_t_per_h,
       min((a.attributes ->> 'installed_year')::int) as first_year,
       max((a.attributes ->> 'installed_year')::int) as last_year
  from asset a
 where {scope:a}
   and a.kind in ('relay_pump_station', 'relay_energy_station', 'isolating_station')
   and a.valid_to_at is null
   and ($5::int is null or a.area_id = $5::int)
   and ($6::int is null or a.company_id = $6::int)
 group by a.kind
