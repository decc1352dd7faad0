copy zone_pipe (city_id, asset_id, source_id, flow_direction, flow_m3_per_h, velocity_m_per_s, temperature_degc) from stdin
