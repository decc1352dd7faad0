select a.asset_id, a.kind, a.code, a.name, a.company_id, a.area_id,
       case when $13::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $13, $14::double precision)) end as lon,
       case when $13::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $13, $14::double precision)) end as lat
  from asset a
  left join lateral (
       -- of an inlet, valve, station the point itself; of a line or polygon a point on it
       select case when st_dimension(a.geom) = 0 then st_centroid(a.geom) else st_pointonsurface(a.geom) end as point
       ) p on true
 where {part:asset_asked}
 order by a.asset_id
 limit $15 offset $16
