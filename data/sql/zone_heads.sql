select z.heads, z.solved_at, z.network_version, z.valve_version,
       (z.network_version, z.valve_version) is distinct from (c.network_version, c.valve_version) as stale
  from zone_solution z
  join city c on c.city_id = z.city_id
  join asset a on a.city_id = z.city_id and a.asset_id = z.source_id and a.valid_to_at is null
 where {scope:a}
   and z.city_id = $1
   and z.source_id = $5
