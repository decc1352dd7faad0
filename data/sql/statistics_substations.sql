-- $5 area, $6 company; what serves whom is derived with the coverage and missing until that is built
select a.asset_id, (a.attributes ->> 'heated_area_m2')::float8 as heated_area_m2,
       s.heated_area_m2 as served_area_m2, coalesce(s.building_count, 0) as building_count,
       a.attributes - 'heated_area_m2' as attributes
  from asset a
  left join (select substation_id, sum(heated_area_m2) as heated_area_m2, count(*) as building_count
               from served_building b
              where {scope:b=building}
              group by substation_id) s on s.substation_id = a.asset_id
 where {scope:a}
   and a.kind = 'substation'
   and a.valid_to_at is null
   and ($5::int is null or a.area_id = $5::int)
   and ($6::int is null or a.company_id = $6::int)
