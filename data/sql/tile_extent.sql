select st_xmin(b) as west, st_ymin(b) as south, st_xmax(b) as east, st_ymax(b) as north, c.attribution, c.name_zh, c.name_en
  from city c
  left join lateral (
        select st_transform(st_setsrid(st_extent(geom)::geometry, 3857), 4326) as b
          from (select st_extent(geom)::geometry as geom from tile_pipe where city_id = c.city_id
                 union all
                select st_extent(geom)::geometry from tile_building where city_id = c.city_id
                 union all
                select st_extent(geom)::geometry from tile_point where city_id = c.city_id
                 union all
                select st_extent(geom)::geometry from tile_base where city_id = c.city_id) e
       ) x on true
 where c.city_id = $1
