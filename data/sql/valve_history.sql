select h.operation_id, h.state, h.operability, h.origin, h.seat, h.note, h.changed_at, h.valve_version, count(*) over () as total
  from valve_state_history h
 where h.city_id = $1
   and h.asset_id = $2
 order by h.operation_id desc
 limit $3 offset $4
