copy zone_station (city_id, asset_id, source_id, supply_mpa, return_mpa, flow_m3_per_h, flow_share, supply_degc) from stdin
