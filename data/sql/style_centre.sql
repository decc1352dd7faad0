-- the middle of the pipes that the seat may see, by their length
select st_x(m) as lon, st_y(m) as lat
  from (select st_transform(st_centroid(st_collect(p.geom)), 4326) as m
          from tile_pipe_zoom p
         where {scope:p=pipe} and p.zoom = 13) c
 where m is not null
