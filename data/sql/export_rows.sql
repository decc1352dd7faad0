-- rows of one register ($5) for a caller; $6 area, $7 company, $8 values, $9 and $10 steps of rounding in degrees
select r.row_id, r.code, r.name, r.source_key, to_char(r.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as changed_at,
       r.asset_id, p.code as asset_code, r.company_id, c.name as company_name, r.area_id, d.name as area_name, r.attributes,
       st_asbinary(case when $9::float8 is null then r.geom else st_snaptogrid(r.geom, 0, 0, $9, $10::float8) end) as geometry
  from register_row r
  left join asset p on p.city_id = r.city_id and p.asset_id = r.asset_id and p.valid_to_at is null
  left join asset c on c.city_id = r.city_id and c.asset_id = r.company_id and c.valid_to_at is null
  left join asset d on d.city_id = r.city_id and d.asset_id = r.area_id and d.valid_to_at is null
 where {scope:r}
   and r.kind = $5::text
   and ($6::int is null or r.area_id = $6::int or r.asset_id = $6::int)
   and ($7::int is null or r.company_id = $7::int)
   and ($8::text is null or r.attributes @> $8::text::jsonb)
 order by r.row_id
