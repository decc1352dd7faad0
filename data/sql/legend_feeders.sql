-- what can feed pipes: plants, then boiler houses, then substations
select a.asset_id, a.name
  from asset a
 where {scope:a} and a.valid_to_at is null and a.kind in ('plant', 'boiler_house', 'substation')
 order by array_position(array['plant', 'boiler_house', 'substation'], a.kind), a.asset_id
