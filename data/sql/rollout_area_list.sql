-- $5: kind or NULL, $6: parent or NULL, $7: area or NULL
select a.area_id, a.kind, a.code, a.name, a.parent_id, a.district_id, a.outline,
       st_x(p.place) as lon, st_y(p.place) as lat
  from rollout_area a
 cross join lateral (select st_transform(a.point_3857, 4326) as place offset 0) p
 where {part:rollout_seen}
   and ($5::text is null or a.kind = $5::text)
   and ($6::int is null or a.parent_id = $6::int or ($6::int = a.district_id and a.kind = 'village' and $5::text = 'village'))
   and ($7::int is null or a.area_id = $7::int)
 order by a.area_id
