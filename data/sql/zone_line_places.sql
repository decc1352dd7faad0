-- both ends of pipes and the cover above their axis: burial depth is ground to crown
select a.asset_id,
       st_x(s.first) as start_lon, st_y(s.first) as start_lat, st_x(s.last) as end_lon, st_y(s.last) as end_lat,
       case when a.kind = 'pipe'
            then (a.attributes ->> 'burial_depth_m')::double precision
                 + coalesce((a.attributes ->> 'outer_diameter_mm')::double precision, (a.attributes ->> 'dn')::double precision, 0)
                   / 2000.0
       end as cover_m
  from asset a
 cross join lateral (
       select case when a.kind = 'pipe' then st_startpoint(st_geometryn(a.geom, 1)) else st_centroid(a.geom) end as first,
              case when a.kind = 'pipe' then st_endpoint(st_geometryn(a.geom, st_numgeometries(a.geom)))
                   else st_centroid(a.geom) end as last
 ) s
 where {scope:a}
   and a.asset_id = any($5::int[])
   and a.valid_to_at is null
   and not st_isempty(a.geom)
