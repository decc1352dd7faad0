drop table if exists check_found, check_placed, check_shape, check_hangs
