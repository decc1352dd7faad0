select count(*) from archive_row
