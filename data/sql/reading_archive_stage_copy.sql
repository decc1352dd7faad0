copy reading_back (city_id, schema_id, source_id, observed_at, delay_s, payload) from stdin (format binary)
