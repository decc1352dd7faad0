create index on check_shape using gist (m)
