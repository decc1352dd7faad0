select (select count(*) from tile_pipe where city_id = %(city_id)s) as tile_pipe,
       (select count(*) from tile_pipe_zoom where city_id = %(city_id)s) as tile_pipe_zoom,
       (select count(*) from tile_building where city_id = %(city_id)s) as tile_building,
       (select count(*) from tile_point where city_id = %(city_id)s) as tile_point,
       (select count(*) from tile_base where city_id = %(city_id)s) as tile_base,
       (select count(*) from tile_coverage where city_id = %(city_id)s) as tile_coverage
