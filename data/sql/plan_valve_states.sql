-- present state of valves, and who recorded it
select a.asset_id, coalesce(s.state, a.attributes ->> 'normal_state', 'unknown') as state, s.seat, s.changed_at
  from asset a
  left join valve_state s on s.city_id = a.city_id and s.asset_id = a.asset_id
 where a.city_id = $1
   and a.asset_id = any($2::int[])
   and a.kind = 'valve'
   and a.valid_to_at is null
