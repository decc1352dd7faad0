select city_id, name_zh, name_en, assets_version, network_version, valve_version from city order by 1
