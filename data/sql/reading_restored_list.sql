select city_id, schema_id, day from reading_restored where until_at > %(now)s
