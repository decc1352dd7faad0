select network_version from zone_sweep where city_id = %(city_id)s
