select a.asset_id, coalesce(v.state, a.attributes ->> 'normal_state', 'unknown')
  from asset a
  left join valve_state v on v.city_id = a.city_id and v.asset_id = a.asset_id
 where a.city_id = %(city_id)s
   and a.kind = 'valve'
   and a.valid_to_at is null
