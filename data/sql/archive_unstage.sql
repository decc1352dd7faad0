drop table if exists pg_temp.archive_row, pg_temp.archive_area
