-- buildings by type and energy class; $5 area, $6 company
select coalesce(a.attributes ->> 'building_type', '') as building_type, coalesce(a.attributes ->> 'energy_class', '') as energy_class,
       count(*) as building_count,
       coalesce(sum((a.attributes ->> 'heat_user_count')::float8), 0) as heat_user_count,
       coalesce(sum((a.attributes ->> 'heated_area_m2')::float8), 0) as heated_area_m2
  from asset a
 where {scope:a}
   and a.kind = 'building'
   and a.valid_to_at is null
   and ($5::int is null or a.area_id = $5::int)
   and ($6::int is null or a.company_id = $6::int)
 group by 1, 2
 order by 1, 2
