select a.asset_id, a.code, a.name, a.attributes ->> 'normal_state' as normal_state,
       coalesce(v.state, a.attributes ->> 'normal_state', 'unknown') as state,
       coalesce(v.operability, a.attributes ->> 'operability', 'usable') as operability,
       a.attributes ->> 'operability' as drawn_operability
  from asset a
  left join valve_state v on v.city_id = a.city_id and v.asset_id = a.asset_id
 where {scope:a}
   and a.asset_id = $5
   and a.kind = 'valve'
   and a.valid_to_at is null
