-- sorts of geometry that an export ($5 kind, $6 area, $7 company) will hold
select st_geometrytype(a.geom) as type, st_zmflag(a.geom) = 2 as has_z, count(*)
  from asset a
 where {scope:a}
   and a.kind = $5::text
   and a.valid_to_at is null
   and ($6::int is null or a.area_id = $6::int)
   and ($7::int is null or a.company_id = $7::int)
 group by 1, 2
