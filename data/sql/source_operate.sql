with source as materialized (
    select a.city_id, a.asset_id, a.name,
           coalesce(s.running, (a.attributes ->> 'running')::boolean,
                    not coalesce((a.attributes ->> 'peak_only')::boolean, false)) as running_before,
           s.changed_at as before_at, s.seat as before_seat
      from asset a
      left join source_state s on s.city_id = a.city_id and s.asset_id = a.asset_id
     where {scope:a}
       and a.asset_id = $5
       and a.kind in ('plant', 'boiler_house')
       and a.valid_to_at is null
), version as (
    update city c
       set valve_version = c.valve_version + 1
      from source s
     where c.city_id = s.city_id
    returning c.valve_version, clock_timestamp() as at
), written as (
    insert into source_state (city_id, asset_id, running, origin, seat, note, changed_at)
    select s.city_id, s.asset_id, $6, $7, $8, $9, n.at
      from source s, version n
    on conflict (city_id, asset_id) do update
       set running = excluded.running, origin = excluded.origin, seat = excluded.seat, note = excluded.note,
           changed_at = excluded.changed_at
), recorded as (
    insert into source_state_history (city_id, asset_id, running, origin, seat, note, changed_at, valve_version)
    select s.city_id, s.asset_id, $6, $7, $8, $9, n.at, n.valve_version
      from source s, version n
)
select s.asset_id, s.name, s.running_before, s.before_at, s.before_seat, n.valve_version, n.at as changed_at
  from source s, version n
