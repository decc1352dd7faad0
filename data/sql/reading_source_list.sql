select code, source_id, schema_id from source where city_id = %(city_id)s
