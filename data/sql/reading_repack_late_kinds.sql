select distinct city_id, schema_id from reading_late_{day:%Y%m%d}
