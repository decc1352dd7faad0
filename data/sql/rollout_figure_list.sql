-- figures of areas in one year ($8; 0 = now). $5 kind, $6 parent (of villages also their district), $7 area; NULL = any
select a.area_id, a.kind, a.code, a.name, a.parent_id, {part:rollout_figures}
  from rollout_area a
  join rollout_sum s on s.city_id = a.city_id and s.area_id = a.area_id and s.year = $8::int
 where {part:rollout_seen}
   and ($5::text is null or a.kind = $5::text)
   and ($6::int is null or a.parent_id = $6::int or ($6::int = a.district_id and a.kind = 'village' and $5::text = 'village'))
   and ($7::int is null or a.area_id = $7::int)
 order by a.area_id
