-- buildings, inlets and substations that name a feeder that does not exist
select f.asset_id, a.kind, f.detail ->> 'attribute'
  from check_found f
  join asset a on a.city_id = %(city_id)s and a.asset_id = f.asset_id and a.valid_to_at is null
 where f.rule = 'reference_unknown'
   and f.repair is null
   and (a.kind, f.detail ->> 'attribute') in (
       ('building', 'substation_code'), ('building_inlet', 'substation_code'), ('substation', 'source_code')
   )
