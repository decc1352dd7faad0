with valve as (
    select a.city_id, a.asset_id
      from asset a
     where {scope:a}
       and a.asset_id = $5
       and a.kind = 'valve'
       and a.valid_to_at is null
), written as (
    insert into valve_state (city_id, asset_id, state, origin, seat, note, changed_at)
    select city_id, asset_id, $6, $7, $8, $9, now()
      from valve
    on conflict (city_id, asset_id) do update
       set state = excluded.state, origin = excluded.origin, seat = excluded.seat, note = excluded.note,
           changed_at = excluded.changed_at
    returning city_id
)
update city c
   set valve_version = c.valve_version + 1
  from written w
 where c.city_id = w.city_id
returning c.valve_version
