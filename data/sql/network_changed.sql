-- for each table of the network how many rows it has now, and the ids of those written since the mark (or of all)
select n.name, count(*)::int, coalesce(array_agg(n.asset_id) filter (where n.written or %(everything)s), '{}')
  from (
       select case a.kind
                   when 'pipe' then 'pipes'
                   when 'valve' then 'valves'
                   when 'substation' then 'substations'
                   when 'plant' then 'sources'
                   when 'boiler_house' then 'sources'
                   when 'building_inlet' then 'inlets'
                   when 'building' then 'buildings'
                   else 'stations'
              end as name,
              a.asset_id, age(a.xmin) <= age(%(mark)s::xid8::xid) as written
         from asset a
        where a.city_id = %(city_id)s
          and a.kind in ('pipe', 'valve', 'substation', 'plant', 'boiler_house', 'building_inlet', 'building',
                         'relay_pump_station', 'relay_energy_station', 'isolating_station', 'accumulator')
          and a.valid_to_at is null
          and (a.kind <> 'pipe' or coalesce(a.attributes ->> 'medium', 'heat') = 'heat')
       ) n
 group by n.name
