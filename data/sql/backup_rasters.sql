select city_id, layer, path from raster_layer order by 1, 2
