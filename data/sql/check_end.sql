drop table if exists check_found, check_placed, check_shape, check_hangs, check_member, check_displaced, check_line
