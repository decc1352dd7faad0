-- sums of villages, now (year 0) and as at the end of each year; what is told for now only stands at year 0
insert into rollout_sum (
       city_id, area_id, year,
       household_count, finished_count, delivered_count, installing_count, permanent_count, insulated_count,
       control_count, electric_count, biomass_count, solar_count, floor_area_m2, electric_area_m2,
       biomass_area_m2, solar_area_m2, device_count, device_power_kw, rural_load_mw, rural_coal_replaced_tce,
       ticket_count, ticket_last_season_count, open_ticket_count, resolved_count, handling_hours, answer_count,
       retrofit_score, retrofit_answer_count, supplier_score, supplier_answer_count, energy_kgce, energy_cost_cny,
       energy_household_count
)
with home as (
    select h.village_id, y.year,
           coalesce(sum(row_count) filter (where not control), 0.0) as household_count,
           coalesce(sum(row_count) filter (where finished), 0.0) as finished_count,
           coalesce(sum(row_count) filter (where not control and state = 'delivered'), 0.0) as delivered_count,
           coalesce(sum(row_count) filter (where not control and state = 'installing'), 0.0) as installing_count,
           coalesce(sum(row_count) filter (where not control and permanent), 0.0) as permanent_count,
           coalesce(sum(row_count) filter (where finished and insulated), 0.0) as insulated_count,
           coalesce(sum(row_count) filter (where control), 0.0) as control_count,
           coalesce(sum(row_count) filter (where finished and energy = 'electric'), 0.0) as electric_count,
           coalesce(sum(row_count) filter (where finished and energy = 'biomass'), 0.0) as biomass_count,
           coalesce(sum(row_count) filter (where finished and energy = 'solar'), 0.0) as solar_count,
           coalesce(sum(floor_area_m2) filter (where finished), 0.0) as floor_area_m2,
           coalesce(sum(floor_area_m2) filter (where finished and energy = 'electric'), 0.0) as electric_area_m2,
           coalesce(sum(floor_area_m2) filter (where finished and energy = 'biomass'), 0.0) as biomass_area_m2,
           coalesce(sum(floor_area_m2) filter (where finished and energy = 'solar'), 0.0) as solar_area_m2
      from unnest(%(years)s::int[]) as y (year)
     cross join lateral (
            select g.*, not g.control and g.state = 'in_use' and (y.year = 0 or coalesce(g.year, 0) <= y.year) as finished
              from rollout_home g
           ) h
     group by 1, 2
), device as (
    select d.village_id, y.year, sum(device_count) as device_count, sum(device_power_kw) as device_power_kw, sum(rural_load_mw) as rural_load_mw
      from unnest(%(years)s::int[]) as y (year)
      join rollout_device d on y.year = 0 or coalesce(d.year, 0) <= y.year
     group by 1, 2
)
select a.city_id, a.area_id, y.year,
       home.household_count, home.finished_count, home.delivered_count, home.installing_count, home.permanent_count, home.insulated_count,
       home.control_count, home.electric_count, home.biomass_count, home.solar_count, home.floor_area_m2, home.electric_area_m2,
       home.biomass_area_m2, home.solar_area_m2,
       device.device_count, device.device_power_kw, device.rural_load_mw,
       home.floor_area_m2 * %(rural_coal_kgce_per_m2)s::float8 / 1000.0,
       told.ticket_count, told.ticket_last_season_count, told.open_ticket_count, told.resolved_count,
       told.handling_hours, told.answer_count, told.retrofit_score, told.retrofit_answer_count,
       told.supplier_score, told.supplier_answer_count, told.energy_kgce, told.energy_cost_cny,
       told.energy_household_count
  from rollout_area a
 cross join unnest(%(years)s::int[]) as y (year)
  left join home on home.village_id = a.area_id and home.year = y.year
  left join device on device.village_id = a.area_id and device.year = y.year
  left join rollout_told told on told.village_id = a.area_id and y.year = 0
 where a.city_id = %(city_id)s
   and a.kind = 'village'
   and (%(villages)s::int[] is null or a.area_id = any(%(villages)s::int[]))
