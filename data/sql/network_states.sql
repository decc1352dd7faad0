-- what has been recorded of valves; everything else is in its normal state and as drawn
select v.asset_id, v.state, coalesce(v.operability, a.attributes ->> 'operability', 'usable') as operability, v.origin
  from valve_state v
  join asset a on a.city_id = v.city_id and a.asset_id = v.asset_id and a.valid_to_at is null
 where v.city_id = %(city_id)s
