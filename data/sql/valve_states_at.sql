-- before the first record of a valve: its normal state
select a.asset_id, coalesce(h.state, a.attributes ->> 'normal_state', 'unknown') as state
  from asset a
  left join (
       select distinct on (v.asset_id) v.asset_id, v.state
         from valve_state_history v
        where v.city_id = $1
          and v.changed_at <= $2
        order by v.asset_id, v.operation_id desc
       ) h on h.asset_id = a.asset_id
 where a.city_id = $1
   and a.kind = 'valve'
   and a.valid_to_at is null
