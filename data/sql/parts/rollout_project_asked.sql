{scope:r}
   and r.kind = 'retrofit_project'
   and ($5::int is null or r.asset_id = $5::int or r.area_id = $5::int)
   and ($6::text is null or r.attributes ->> 'stage' = $6::text)
   and ($7::text is null or r.attributes ->> 'project_kind' = $7::text)
   and ($8::text is null or r.attributes ->> 'technical_type' = $8::text)
   and ($9::text is null or r.code ilike $9::text or r.name ilike $9::text)
