select city_id, schema_id, code, version, points from frame_schema where %(city_id)s::int is null or city_id = %(city_id)s order by 1, 2
