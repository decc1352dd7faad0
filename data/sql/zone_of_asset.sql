select z.source_id, z.solved_at, z.network_version, z.valve_version,
       (z.network_version, z.valve_version) is distinct from (c.network_version, c.valve_version) as stale,
       p.flow_direction, coalesce(p.flow_m3_per_h, s.flow_m3_per_h) as flow_m3_per_h, p.velocity_m_per_s,
       s.supply_mpa, s.return_mpa, s.flow_share, s.supply_degc
  from asset a
  join city c on c.city_id = a.city_id
  left join zone_pipe p on p.city_id = a.city_id and p.asset_id = a.asset_id
  left join zone_station s on s.city_id = a.city_id and s.asset_id = a.asset_id
  join zone_solution z on z.city_id = a.city_id and z.source_id = coalesce(p.source_id, s.source_id)
 where {scope:a}
   and a.asset_id = $5
   and a.valid_to_at is null
