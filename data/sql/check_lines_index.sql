create index on check_line using gist (geom)
