select max(schema_id) from frame_schema where city_id = $1
