-- all or nothing: when a valve is missing no version is made, and without one nothing is written
with wanted as (
    select w.asset_id, w.state, w.operability, w.number
      from unnest($5::int[], $6::text[], $7::text[]) with ordinality as w (asset_id, state, operability, number)
), valve as materialized (
    select a.city_id, a.asset_id, a.code, a.name, w.state, w.number,
           case w.operability when 'as_drawn' then null else coalesce(w.operability, v.operability) end as operability,
           coalesce(v.state, a.attributes ->> 'normal_state', 'unknown') as state_before, v.changed_at as before_at,
           v.seat as before_seat, coalesce(v.operability, a.attributes ->> 'operability', 'usable') as operability_before,
           coalesce(case w.operability when 'as_drawn' then null else coalesce(w.operability, v.operability) end,
                    a.attributes ->> 'operability', 'usable') as operability_now
      from wanted w
      join asset a on a.asset_id = w.asset_id
      left join valve_state v on v.city_id = a.city_id and v.asset_id = a.asset_id
     where {scope:a}
       and a.kind = 'valve'
       and a.valid_to_at is null
), version as (
    update city c
       set valve_version = c.valve_version + 1
     where c.city_id = $1
       and (select count(*) from valve) = cardinality($5::int[])
    returning c.valve_version, clock_timestamp() as at
), written as (
    insert into valve_state (city_id, asset_id, state, operability, origin, seat, note, changed_at)
    select v.city_id, v.asset_id, v.state, v.operability, $8, $9, $10, n.at
      from valve v, version n
    on conflict (city_id, asset_id) do update
       set state = excluded.state, operability = excluded.operability, origin = excluded.origin, seat = excluded.seat,
           note = excluded.note, changed_at = excluded.changed_at
), recorded as (
    insert into valve_state_history (city_id, asset_id, state, operability, origin, seat, note, changed_at, valve_version)
    select v.city_id, v.asset_id, v.state, v.operability, $8, $9, $10, n.at, n.valve_version
      from valve v, version n
     order by v.number
)
select v.asset_id, v.code, v.name, v.state, v.state_before, v.before_at, v.before_seat, v.operability_before, v.operability_now,
       n.valve_version, n.at as changed_at
  from valve v
  left join version n on true
 order by v.number
