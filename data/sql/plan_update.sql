update plan
   set title = $3, asset_ids = $4::int[], planned_from_at = $5, planned_to_at = $6, crew = $7, note = $8, network_version = $9,
       valve_version = $10, lost = $11::jsonb, lost_ids = $12::int[], version = version + 1
 where city_id = $1
   and plan_id = $2
returning version
