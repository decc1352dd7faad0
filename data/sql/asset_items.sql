-- assets by id ($5), as the list shows them
select a.asset_id, a.kind, a.code, a.name, a.company_id, a.area_id,
       case when $6::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $6, $7::double precision)) end as lon,
       case when $6::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $6, $7::double precision)) end as lat
  from asset a
  left join lateral (
       select case when st_dimension(a.geom) = 0 then st_centroid(a.geom) else st_pointonsurface(a.geom) end as point
       ) p on true
 where {scope:a}
   and {valid:a=8}
   and a.asset_id = any($5::int[])
 order by a.asset_id
