create index import_area_geom on import_area using gist (geom)
