-- $10: the optional attributes that the request names; a null is not in the tile
           case when 'laying' = any($10::text[]) then nullif(p.laying, 0) end as laying,
           case when 'material' = any($10::text[]) then nullif(p.material, 0) end as material,
           case when 'year' = any($10::text[]) then p.since_year end as year,
           case when 'company_id' = any($10::text[]) then p.company_id end as company_id,
           case when 'source_id' = any($10::text[]) then p.source_id end as source_id,
           case when 'criticality' = any($10::text[]) then p.criticality end as criticality,
           case when 'temperature_degc' = any($10::text[]) then p.temperature_degc end as temperature_degc
