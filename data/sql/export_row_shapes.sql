-- sorts of geometry that an export ($5 register, $6 area, $7 company, $8 values) will hold
select st_geometrytype(r.geom) as type, false as has_z, count(*)
  from register_row r
 where {scope:r}
   and r.kind = $5::text
   and ($6::int is null or r.area_id = $6::int or r.asset_id = $6::int)
   and ($7::int is null or r.company_id = $7::int)
   and ($8::text is null or r.attributes @> $8::text::jsonb)
 group by 1
