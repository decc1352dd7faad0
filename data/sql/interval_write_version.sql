insert into interval_version (city_id, network_version, valve_version, built_at)
values (%(city_id)s, %(network_version)s, %(valve_version)s, clock_timestamp())
