insert into incident_answer (
    city_id, incident_id, version, seat, kind, hypothesis, segment_ids, tied_ids, asset_ids, silent_below, lon, lat, length_m,
    explained, hit_rate, score, confidence, prepared, network_version, valve_version, station_ids, building_ids,
    building_area_m2, building_users, building_load_mw, estates, leak
)
select $1, $2, coalesce((select max(version) from incident_answer where city_id = $1 and incident_id = $2), 0) + 1,
       $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26
