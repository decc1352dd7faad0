with pipes as (delete from tile_pipe where city_id = %(city_id)s),
     zooms as (delete from tile_pipe_zoom where city_id = %(city_id)s),
     buildings as (delete from tile_building where city_id = %(city_id)s),
     points as (delete from tile_point where city_id = %(city_id)s),
     base as (delete from tile_base where city_id = %(city_id)s),
     coverage as (delete from tile_coverage where city_id = %(city_id)s)
delete from tile_version where city_id = %(city_id)s and tileset in ('base', 'network', 'buildings', 'assets', 'coverage')
