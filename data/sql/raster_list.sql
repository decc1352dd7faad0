select layer, path, style, attribution, added_at
  from raster_layer
 where city_id = $1 and ($2::text is null or layer = $2::text)
 order by layer
