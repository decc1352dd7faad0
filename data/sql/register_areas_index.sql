create index register_area_geom on register_area using gist (geom)
