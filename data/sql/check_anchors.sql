copy (
select st_x(a.geom) as lon, st_y(a.geom) as lat
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind in ('pipe_point', 'chamber')
   and st_geometrytype(a.geom) = 'ST_Point'
) to stdout (format csv, header)
