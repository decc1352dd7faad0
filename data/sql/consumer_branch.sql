select a.name, p.asset_id as plant_id, p.name as plant_name, c.asset_id as company_id, c.name as company_name
  from asset a
  left join asset p on p.city_id = a.city_id and p.kind = 'plant' and p.code = a.attributes ->> 'plant_code' and p.valid_to_at is null
  left join asset c on c.city_id = a.city_id and c.asset_id = a.company_id and c.valid_to_at is null
 where {scope:a}
   and a.asset_id = $5
   and a.kind = 'plant_branch'
   and a.valid_to_at is null
