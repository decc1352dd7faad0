insert into tile_pipe_zoom
select s.*
  from staged_tile_pipe_zoom s
 where not exists (select from tile_pipe_zoom t where t.city_id = s.city_id and t.zoom = s.zoom and t.row_id = s.row_id)
 order by s.zoom, s.geom
