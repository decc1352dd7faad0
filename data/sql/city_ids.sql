select city_id, assets_version from city order by city_id
