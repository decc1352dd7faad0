select array_agg(path) from reading_archive
