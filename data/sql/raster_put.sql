insert into raster_layer (city_id, layer, path, style, attribution)
values (%(city_id)s, %(layer)s, %(path)s, %(style)s, %(attribution)s)
    on conflict (city_id, layer) do update
   set path = excluded.path, style = excluded.style, attribution = excluded.attribution, added_at = clock_timestamp()
 where (raster_layer.path, raster_layer.style, raster_layer.attribution)
       is distinct from (excluded.path, excluded.style, excluded.attribution)
