copy interval_pipe (city_id, asset_id, kind, pair_id, segment_id) from stdin (format binary)
