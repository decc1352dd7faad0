copy interval_element (city_id, asset_id, kind, pair_id, tin, tout, exact) from stdin (format binary)
