select count(*)
  from register_row r
 where {scope:r}
   and r.kind = $5::text
   and ($6::int is null or r.asset_id = $6::int or r.area_id = $6::int)
   and ($7::text is null or ($8::boolean and r.code ilike $7::text) or ($9::boolean and r.name ilike $7::text))
   and ($10::text is null or r.attributes @> $10::text::jsonb)
