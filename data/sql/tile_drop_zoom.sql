-- as tile_drop.sql; `segment_ids`: look at these segments only, null = at all
delete from tile_pipe_zoom t
 where t.city_id = %(city_id)s::smallint
   and (%(segment_ids)s::int[] is null or t.segment_id = any(%(segment_ids)s::int[]))
   and not exists (
       select
         from staged_tile_pipe_zoom s
        where s.city_id = t.city_id and s.zoom = t.zoom and s.row_id = t.row_id and s.* is not distinct from t.*
   )
