select a.asset_id, coalesce(a.attributes ->> 'normal_state', 'unknown')
  from asset a
 where a.city_id = %(city_id)s
   and a.kind = 'valve'
   and a.valid_to_at is null
