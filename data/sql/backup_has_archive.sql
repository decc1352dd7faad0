select to_regclass('reading_archive') is not null
