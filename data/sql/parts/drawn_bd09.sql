-- the affine map has brought the rows to GCJ-02; here the published formula of BD-09 moves every vertex
(select case max(l.dimension)
             when 0 then st_collect(l.point)
             when 1 then st_collect(l.line)
             else st_buildarea(st_collect(l.line)) end
   from (select st_dimension(a.geom) as dimension, (array_agg(v.point))[1] as point, st_makeline(array_agg(v.point order by d.path)) as line
           from (select {moved} as geom) a,
                st_dumppoints(a.geom) d,
                -- 111319.49... metres of EPSG:3857 a degree of longitude
                lateral (select st_x(d.geom) / 111319.490793273572647728 as lon,
                                degrees(atan(sinh(st_y(d.geom) / 6378137.0))) as lat) g,
                lateral (select sqrt(g.lon * g.lon + g.lat * g.lat) + 0.00002 * sin(g.lat * 52.35987755982988) as r,
                                atan2(g.lat, g.lon) + 0.000003 * cos(g.lon * 52.35987755982988) as angle) p,
                lateral (select st_setsrid(st_makepoint(
                                (p.r * cos(p.angle) + 0.0065) * 111319.490793273572647728,
                                6378137.0 * asinh(tan(radians(p.r * sin(p.angle) + 0.006)))), 3857) as point) v
          group by st_dimension(a.geom), d.path[:cardinality(d.path) - 1]) l)
