-- the visible object that an address names: its whole name or code first, else a name that the address holds, the longest first
select a.asset_id
  from asset a
 where {scope:a}
   and a.valid_to_at is null
   and a.name <> ''
   and a.kind = any(array['estate', 'building', 'substation', 'plant', 'boiler_house', 'relay_pump_station', 'street', 'district'])
   and (a.name = $5 or a.code = $5 or (length(a.name) >= 3 and position(a.name in $5) > 0))
 order by a.name = $5 desc, a.code = $5 desc, length(a.name) desc, a.asset_id
 limit 1
