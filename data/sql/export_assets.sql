-- current assets of one kind ($5) for a caller; $6 area, $7 company, $8 and $9 steps of rounding in degrees
select a.asset_id, a.code, a.name, a.source_key, a.version, to_char(a.valid_from_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as valid_from_at, a.pair_id,
       a.company_id, c.name as company_name, a.area_id, d.name as area_name, a.attributes,
       st_asbinary(case when $8::float8 is null then a.geom else st_snaptogrid(a.geom, 0, 0, $8, $9::float8) end) as geometry
  from asset a
  left join asset c on c.city_id = a.city_id and c.asset_id = a.company_id and c.valid_to_at is null
  left join asset d on d.city_id = a.city_id and d.asset_id = a.area_id and d.valid_to_at is null
 where {scope:a}
   and a.kind = $5::text
   and a.valid_to_at is null
   and ($6::int is null or a.area_id = $6::int)
   and ($7::int is null or a.company_id = $7::int)
 order by a.asset_id
