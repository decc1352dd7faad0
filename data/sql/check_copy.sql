copy check_found (rule, key, asset_ids, asset_id, lon, lat, detail, repair) from stdin
