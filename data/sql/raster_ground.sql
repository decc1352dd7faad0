-- what the tiles of a city draw, in degrees; one row of nulls when nothing is drawn, none when there is no such city
select st_xmin(b.box), st_ymin(b.box), st_xmax(b.box), st_ymax(b.box)
from city c
cross join lateral (
    select st_transform(st_setsrid(st_extent(e.geom)::geometry, 3857), 4326) as box
    from (select st_extent(geom)::geometry as geom from tile_building where city_id = c.city_id
          union all
          select st_extent(geom)::geometry from tile_point where city_id = c.city_id
          union all
          select st_extent(geom)::geometry from tile_base where city_id = c.city_id) e
) b
where c.city_id = %(city_id)s
