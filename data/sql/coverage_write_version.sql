insert into coverage_version (city_id, assets_version, network_version, built_at)
values (%(city_id)s, %(assets_version)s, %(network_version)s, clock_timestamp())
