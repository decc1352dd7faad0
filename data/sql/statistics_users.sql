-- heat users by use (resident), connection and heating; $5 area, $6 company
select (r.attributes ->> 'resident')::boolean as resident, (r.attributes ->> 'connected')::boolean as connected,
       (r.attributes ->> 'heating')::boolean as heating, count(*) as user_count,
       coalesce(sum((r.attributes ->> 'heated_area_m2')::float8), 0) as heated_area_m2
  from register_row r
 where {scope:r}
   and r.kind = 'heat_user'
   and ($5::int is null or r.area_id = $5::int)
   and ($6::int is null or r.company_id = $6::int)
 group by 1, 2, 3
 order by 1 desc nulls last, 2 desc nulls last, 3 desc nulls last
