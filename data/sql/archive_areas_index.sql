create index archive_area_geom on archive_area using gist (geom)
