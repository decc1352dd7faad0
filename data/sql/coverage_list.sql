-- $5 kind of what the area is of, $6 state, $7 and $8 steps of rounding in degrees, $9 with geometries, $10 one object, then limit, offset
select c.of_kind, c.asset_id, c.kind, c.code, c.name, c.state, c.served_count, c.inside_count, c.heated_area_m2, c.agreement,
       cardinality(c.outside_ids) as outside_count, cardinality(c.foreign_ids) as foreign_count,
       cardinality(c.unserved_ids) as unserved_count, c.company_id, c.area_id,
       st_area(c.declared_geom::geography) as declared_m2, st_area(c.served_geom::geography) as served_m2,
       case when $9::boolean
            then st_asgeojson(case when $7::float8 is null then c.declared_geom
                                   else st_snaptogrid(c.declared_geom, 0, 0, $7, $8::float8) end, 7) end as declared,
       case when $9::boolean
            then st_asgeojson(case when $7::float8 is null then c.served_geom
                                   else st_snaptogrid(c.served_geom, 0, 0, $7, $8::float8) end, 7) end as served
  from coverage c
 where {scope:c}
   and c.of_kind = $5::text
   and ($6::text is null or c.state = $6::text)
   and ($10::int is null or c.asset_id = $10::int)
 order by c.agreement nulls last, c.asset_id
 limit $11 offset $12
