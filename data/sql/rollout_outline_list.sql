-- outlines of the areas of rollout_figure_list, as well-known binary
select a.area_id, st_asbinary(coalesce(a.geom, st_transform(a.point_3857, 4326))) as wkb
  from rollout_area a
 where {part:rollout_seen}
   and ($5::text is null or a.kind = $5::text)
   and ($6::int is null or a.parent_id = $6::int or ($6::int = a.district_id and a.kind = 'village' and $5::text = 'village'))
   and ($7::int is null or a.area_id = $7::int)
