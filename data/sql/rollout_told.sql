-- what is told of villages for now only: tickets of this heating year and the one before, answers, energy of the newest season
create temporary table rollout_told on commit drop as
with ticket as (
    select r.asset_id as village_id,
           (r.attributes ->> 'reported_at')::timestamptz as reported_at, (r.attributes ->> 'resolved_at')::timestamptz as resolved_at
      from register_row r
     where r.city_id = %(city_id)s and r.kind = 'service_ticket' and r.asset_id is not null
       and (%(villages)s::int[] is null or r.asset_id = any(%(villages)s::int[]))
), tickets as (
    select village_id,
           count(*) filter (where reported_at >= %(season_at)s)::float8 as ticket_count,
           count(*) filter (where reported_at < %(season_at)s)::float8 as ticket_last_season_count,
           count(*) filter (where resolved_at is null)::float8 as open_ticket_count,
           count(resolved_at)::float8 as resolved_count,
           sum(extract(epoch from resolved_at - reported_at)::float8 / 3600.0) as handling_hours
      from ticket
     where reported_at >= %(last_season_at)s
     group by village_id
), answers as (
    select r.asset_id as village_id, count(*)::float8 as answer_count,
           sum((r.attributes ->> 'retrofit_score')::float8) as retrofit_score,
           count(r.attributes ->> 'retrofit_score')::float8 as retrofit_answer_count,
           sum((r.attributes ->> 'supplier_score')::float8) as supplier_score,
           count(r.attributes ->> 'supplier_score')::float8 as supplier_answer_count
      from register_row r
     where r.city_id = %(city_id)s and r.kind = 'satisfaction_answer' and r.asset_id is not null
       and (%(villages)s::int[] is null or r.asset_id = any(%(villages)s::int[]))
     group by 1
), energy as (
    select r.asset_id as village_id,
           sum((r.attributes ->> 'quantity')::float8 * f.value) as energy_kgce,
           sum((r.attributes ->> 'cost_cny')::float8) as energy_cost_cny,
           sum((r.attributes ->> 'household_count')::float8) as energy_household_count
      from register_row r
      join unnest(%(fuels)s::text[], %(fuel_kgce)s::float8[]) as f (fuel, value) on f.fuel = r.attributes ->> 'fuel'
     where r.city_id = %(city_id)s and r.kind = 'energy_use' and r.asset_id is not null
       and r.attributes ->> 'season' = %(energy_season)s
       and coalesce(r.attributes ->> 'household_group', 'retrofitted') = 'retrofitted'
       and (%(villages)s::int[] is null or r.asset_id = any(%(villages)s::int[]))
     group by 1
)
select village_id, ticket_count, ticket_last_season_count, open_ticket_count, resolved_count, handling_hours, answer_count,
       retrofit_score, retrofit_answer_count, supplier_score, supplier_answer_count, energy_kgce, energy_cost_cny,
       energy_household_count
  from tickets
  full join answers using (village_id)
  full join energy using (village_id)
