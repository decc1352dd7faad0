-- type and supplier: finished households (row_count), their floor area (amount), all households of the register (planned); of suppliers,
-- done is the number of tickets of this heating year. fault: tickets of this heating year, hours of those resolved (amount), the year
-- before (planned), resolved (done). fuel: households, quantity (amount), kgce (planned), yuan (done)
insert into rollout_part (city_id, area_id, dimension, key, row_count, amount, planned, done)
with home as (
    select h.village_id, k.dimension, k.key,
           coalesce(sum(h.row_count) filter (where h.state = 'in_use'), 0.0) as row_count,
           sum(h.floor_area_m2) filter (where h.state = 'in_use') as amount, sum(h.row_count) as planned
      from rollout_home h
     cross join lateral (values ('type', h.type), ('supplier', h.supplier)) as k (dimension, key)
     where not h.control and k.key <> ''
     group by 1, 2, 3
), ticket as (
    select r.asset_id as village_id, coalesce(r.attributes ->> 'fault_kind', '') as fault, coalesce(r.attributes ->> 'supplier', '') as supplier,
           (r.attributes ->> 'reported_at')::timestamptz as reported_at, (r.attributes ->> 'resolved_at')::timestamptz as resolved_at
      from register_row r
     where r.city_id = %(city_id)s and r.kind = 'service_ticket' and r.asset_id is not null
       and (%(villages)s::int[] is null or r.asset_id = any(%(villages)s::int[]))
       and (r.attributes ->> 'reported_at')::timestamptz >= %(last_season_at)s
), of_supplier as (
    select village_id, supplier, count(*)::float8 as tickets from ticket where reported_at >= %(season_at)s group by 1, 2
)
select %(city_id)s, home.village_id, home.dimension, home.key, home.row_count, home.amount, home.planned,
       case home.dimension when 'supplier' then coalesce(s.tickets, 0.0) end
  from home
  left join of_supplier s on home.dimension = 'supplier' and s.village_id = home.village_id and s.supplier = home.key
 union all
select %(city_id)s, t.village_id, 'fault', t.fault,
       count(*) filter (where reported_at >= %(season_at)s)::float8,
       sum(extract(epoch from resolved_at - reported_at)::float8 / 3600.0),
       count(*) filter (where reported_at < %(season_at)s)::float8,
       count(resolved_at)::float8
  from ticket t
 where t.fault <> ''
 group by 2, 4
 union all
select %(city_id)s, r.asset_id, 'fuel', f.fuel,
       coalesce(sum((r.attributes ->> 'household_count')::float8), 0.0), sum((r.attributes ->> 'quantity')::float8),
       sum((r.attributes ->> 'quantity')::float8 * f.value), sum((r.attributes ->> 'cost_cny')::float8)
  from register_row r
  join unnest(%(fuels)s::text[], %(fuel_kgce)s::float8[]) as f (fuel, value) on f.fuel = r.attributes ->> 'fuel'
 where r.city_id = %(city_id)s and r.kind = 'energy_use' and r.asset_id is not null
   and r.attributes ->> 'season' = %(energy_season)s
   and coalesce(r.attributes ->> 'household_group', 'retrofitted') = 'retrofitted'
   and (%(villages)s::int[] is null or r.asset_id = any(%(villages)s::int[]))
 group by 2, 4
 union all
select %(city_id)s, r.asset_id, 'supplier_score', r.attributes ->> 'supplier',
       count(*)::float8, sum((r.attributes ->> 'supplier_score')::float8), sum((r.attributes ->> 'retrofit_score')::float8), null
  from register_row r
 where r.city_id = %(city_id)s and r.kind = 'satisfaction_answer' and r.asset_id is not null
   and r.attributes ->> 'supplier' is not null and r.attributes ->> 'supplier_score' is not null
   and (%(villages)s::int[] is null or r.asset_id = any(%(villages)s::int[]))
 group by 2, 4
