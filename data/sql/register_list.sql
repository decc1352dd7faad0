select r.row_id, r.code, r.name, r.asset_id, r.area_id, r.company_id, r.attributes,
       case when $13::double precision is null then st_x(r.geom)
            else st_x(st_snaptogrid(r.geom, 0, 0, $13, $14::double precision)) end as lon,
       case when $13::double precision is null then st_y(r.geom)
            else st_y(st_snaptogrid(r.geom, 0, 0, $13, $14::double precision)) end as lat
  from register_row r
 where {scope:r}
   and r.kind = $5::text
   and ($6::int is null or r.asset_id = $6::int or r.area_id = $6::int)
   and ($7::text is null or ($8::boolean and r.code ilike $7::text) or ($9::boolean and r.name ilike $7::text))
   and ($10::text is null or r.attributes @> $10::text::jsonb)
 order by
       -- users of a building by entrance and door, for those who may read them: an order by hidden doors would tell the doors
       case when $6::int is not null and $8::boolean then lpad(r.attributes ->> 'unit', 6, '0') end,
       case when $6::int is not null and $8::boolean then lpad(r.attributes ->> 'door', 8, '0') end,
       r.row_id
 limit $11 offset $12
