select a.asset_id,
       coalesce(h.running, (a.attributes ->> 'running')::boolean,
                not coalesce((a.attributes ->> 'peak_only')::boolean, false)) as running
  from asset a
  left join (
       select distinct on (s.asset_id) s.asset_id, s.running
         from source_state_history s
        where s.city_id = $1
          and s.changed_at <= $2
        order by s.asset_id, s.operation_id desc
       ) h on h.asset_id = a.asset_id
 where a.city_id = $1
   and a.kind in ('plant', 'boiler_house')
   and a.valid_to_at is null
