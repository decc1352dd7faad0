select schema_id, code, version, points from frame_schema where city_id = $1 order by schema_id
