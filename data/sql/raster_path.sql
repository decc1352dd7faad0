select path from raster_layer where city_id = %(city_id)s and layer = %(layer)s
