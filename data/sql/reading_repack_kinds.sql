select city_id, schema_id, count(*) from reading_frame_{day:%Y%m%d} group by 1, 2 order by 1, 2
