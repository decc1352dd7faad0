-- townships, districts, zones and the city: sums over their villages, and what is told of areas. An area's own target and report count, else
-- those of the areas below it (townships below a district, districts below the city); zones are added into nothing
insert into rollout_sum (
       city_id, area_id, year,
       household_count, finished_count, delivered_count, installing_count, permanent_count, insulated_count,
       control_count, electric_count, biomass_count, solar_count, floor_area_m2, electric_area_m2,
       biomass_area_m2, solar_area_m2, device_count, device_power_kw, rural_load_mw, rural_coal_replaced_tce,
       ticket_count, ticket_last_season_count, open_ticket_count, resolved_count, handling_hours, answer_count,
       retrofit_score, retrofit_answer_count, supplier_score, supplier_answer_count, energy_kgce, energy_cost_cny,
       energy_household_count, target_household_count, target_area_m2, target_rate, heated_area_m2, central_area_m2,
       clean_heat_m2, clean_electric_m2, clean_air_m2, clean_biomass_m2, clean_gas_m2, clean_solar_m2,
       clean_area_m2, resident_household_count, clean_household_count, allocated_cny, report_paid_cny, project_count,
       early_count, construction_count, completed_count, accepted_count, scale_m2, done_m2,
       planned_central_cny, planned_local_cny, planned_company_cny, paid_central_cny, paid_local_cny, paid_company_cny,
       coal_replaced_tce, co2_avoided_t, so2_avoided_t, nox_avoided_t, dust_avoided_t
)
with below as (
    select u.area_id, s.year,
           sum(s.household_count) as household_count,
           sum(s.finished_count) as finished_count,
           sum(s.delivered_count) as delivered_count,
           sum(s.installing_count) as installing_count,
           sum(s.permanent_count) as permanent_count,
           sum(s.insulated_count) as insulated_count,
           sum(s.control_count) as control_count,
           sum(s.electric_count) as electric_count,
           sum(s.biomass_count) as biomass_count,
           sum(s.solar_count) as solar_count,
           sum(s.floor_area_m2) as floor_area_m2,
           sum(s.electric_area_m2) as electric_area_m2,
           sum(s.biomass_area_m2) as biomass_area_m2,
           sum(s.solar_area_m2) as solar_area_m2,
           sum(s.device_count) as device_count,
           sum(s.device_power_kw) as device_power_kw,
           sum(s.rural_load_mw) as rural_load_mw,
           sum(s.rural_coal_replaced_tce) as rural_coal_replaced_tce,
           sum(s.ticket_count) as ticket_count,
           sum(s.ticket_last_season_count) as ticket_last_season_count,
           sum(s.open_ticket_count) as open_ticket_count,
           sum(s.resolved_count) as resolved_count,
           sum(s.handling_hours) as handling_hours,
           sum(s.answer_count) as answer_count,
           sum(s.retrofit_score) as retrofit_score,
           sum(s.retrofit_answer_count) as retrofit_answer_count,
           sum(s.supplier_score) as supplier_score,
           sum(s.supplier_answer_count) as supplier_answer_count,
           sum(s.energy_kgce) as energy_kgce,
           sum(s.energy_cost_cny) as energy_cost_cny,
           sum(s.energy_household_count) as energy_household_count,
           sum(s.target_household_count) as target_household_count,
           sum(s.target_area_m2) as target_area_m2
      from rollout_sum s
      join rollout_area a on a.city_id = s.city_id and a.area_id = s.area_id and a.kind = 'village'
     cross join lateral unnest(array[a.township_id, a.district_id, a.zone_id, 0]) as u (area_id)
     where s.city_id = %(city_id)s and u.area_id is not null
     group by 1, 2
), place as (
    select a.area_id, a.kind, a.parent_id, y.year
      from rollout_area a cross join unnest(%(years)s::int[]) as y (year)
     where a.city_id = %(city_id)s and a.kind <> 'village'
), township as (
    select p.*, coalesce(t.target_household_count, b.target_household_count) as target_household_count, coalesce(t.target_area_m2, b.target_area_m2) as target_area_m2,
           r.heated_area_m2, r.central_area_m2, r.clean_heat_m2, r.clean_electric_m2, r.clean_air_m2, r.clean_biomass_m2,
       r.clean_gas_m2, r.clean_solar_m2, r.clean_area_m2, r.resident_household_count, r.clean_household_count, r.allocated_cny,
       r.report_paid_cny
      from place p
      left join rollout_target_stated t using (area_id, year)
      left join rollout_reported r using (area_id, year)
      left join below b using (area_id, year)
     where p.kind = 'township'
), district as (
    select p.area_id, p.year, p.kind,
           coalesce(max(t.target_household_count), sum(w.target_household_count)) as target_household_count,
           coalesce(max(t.target_area_m2), sum(w.target_area_m2)) as target_area_m2,
           max(t.target_rate) as target_rate,
           case when max(r.area_id) is null then sum(w.heated_area_m2) else max(r.heated_area_m2) end as heated_area_m2,
           case when max(r.area_id) is null then sum(w.central_area_m2) else max(r.central_area_m2) end as central_area_m2,
           case when max(r.area_id) is null then sum(w.clean_heat_m2) else max(r.clean_heat_m2) end as clean_heat_m2,
           case when max(r.area_id) is null then sum(w.clean_electric_m2) else max(r.clean_electric_m2) end as clean_electric_m2,
           case when max(r.area_id) is null then sum(w.clean_air_m2) else max(r.clean_air_m2) end as clean_air_m2,
           case when max(r.area_id) is null then sum(w.clean_biomass_m2) else max(r.clean_biomass_m2) end as clean_biomass_m2,
           case when max(r.area_id) is null then sum(w.clean_gas_m2) else max(r.clean_gas_m2) end as clean_gas_m2,
           case when max(r.area_id) is null then sum(w.clean_solar_m2) else max(r.clean_solar_m2) end as clean_solar_m2,
           case when max(r.area_id) is null then sum(w.clean_area_m2) else max(r.clean_area_m2) end as clean_area_m2,
           case when max(r.area_id) is null then sum(w.resident_household_count) else max(r.resident_household_count) end as resident_household_count,
           case when max(r.area_id) is null then sum(w.clean_household_count) else max(r.clean_household_count) end as clean_household_count,
           case when max(r.area_id) is null then sum(w.allocated_cny) else max(r.allocated_cny) end as allocated_cny,
           case when max(r.area_id) is null then sum(w.report_paid_cny) else max(r.report_paid_cny) end as report_paid_cny
      from place p
      left join rollout_target_stated t using (area_id, year)
      left join rollout_reported r using (area_id, year)
      left join township w on w.parent_id = p.area_id and w.year = p.year
     where p.kind in ('district', 'zone')
     group by 1, 2, 3
), stated as (
    select area_id, year, target_household_count, target_area_m2, target_rate, heated_area_m2, central_area_m2, clean_heat_m2,
       clean_electric_m2, clean_air_m2, clean_biomass_m2, clean_gas_m2, clean_solar_m2, clean_area_m2,
       resident_household_count, clean_household_count, allocated_cny, report_paid_cny from district
     union all
    select w.area_id, w.year, w.target_household_count, w.target_area_m2, t.target_rate, w.heated_area_m2, w.central_area_m2, w.clean_heat_m2, w.clean_electric_m2, w.clean_air_m2, w.clean_biomass_m2,
       w.clean_gas_m2, w.clean_solar_m2, w.clean_area_m2, w.resident_household_count, w.clean_household_count, w.allocated_cny,
       w.report_paid_cny
      from township w left join rollout_target_stated t using (area_id, year)
     union all
    select 0, d.year, sum(target_household_count), sum(target_area_m2),
           sum(target_rate * heated_area_m2) / nullif(sum(heated_area_m2) filter (where target_rate is not null), 0),
           sum(heated_area_m2), sum(central_area_m2), sum(clean_heat_m2), sum(clean_electric_m2), sum(clean_air_m2), sum(clean_biomass_m2),
       sum(clean_gas_m2), sum(clean_solar_m2), sum(clean_area_m2), sum(resident_household_count), sum(clean_household_count), sum(allocated_cny),
       sum(report_paid_cny)
      from district d
     where d.kind = 'district'
     group by d.year
), project as (
    select area_id, sum(project_count) as project_count, sum(early_count) as early_count, sum(construction_count) as construction_count, sum(completed_count) as completed_count, sum(accepted_count) as accepted_count, sum(scale_m2) as scale_m2,
       sum(done_m2) as done_m2, sum(planned_central_cny) as planned_central_cny, sum(planned_local_cny) as planned_local_cny, sum(planned_company_cny) as planned_company_cny, sum(paid_central_cny) as paid_central_cny, sum(paid_local_cny) as paid_local_cny,
       sum(paid_company_cny) as paid_company_cny, sum(coal_replaced_tce) as coal_replaced_tce
      from rollout_project group by 1
)
select %(city_id)s, p.area_id, p.year,
       b.household_count, b.finished_count, b.delivered_count, b.installing_count, b.permanent_count, b.insulated_count,
       b.control_count, b.electric_count, b.biomass_count, b.solar_count, b.floor_area_m2, b.electric_area_m2,
       b.biomass_area_m2, b.solar_area_m2, b.device_count, b.device_power_kw, b.rural_load_mw, b.rural_coal_replaced_tce,
       b.ticket_count, b.ticket_last_season_count, b.open_ticket_count, b.resolved_count, b.handling_hours, b.answer_count,
       b.retrofit_score, b.retrofit_answer_count, b.supplier_score, b.supplier_answer_count, b.energy_kgce, b.energy_cost_cny,
       b.energy_household_count,
       t.target_household_count, t.target_area_m2, t.target_rate, t.heated_area_m2, t.central_area_m2, t.clean_heat_m2,
       t.clean_electric_m2, t.clean_air_m2, t.clean_biomass_m2, t.clean_gas_m2, t.clean_solar_m2, t.clean_area_m2,
       t.resident_household_count, t.clean_household_count, t.allocated_cny, t.report_paid_cny,
       j.project_count, j.early_count, j.construction_count, j.completed_count, j.accepted_count, j.scale_m2,
       j.done_m2, j.planned_central_cny, j.planned_local_cny, j.planned_company_cny, j.paid_central_cny, j.paid_local_cny,
       j.paid_company_cny, j.coal_replaced_tce,
       j.coal_replaced_tce * %(co2_t_per_tce)s::float8, j.coal_replaced_tce * %(so2_t_per_tce)s::float8,
       j.coal_replaced_tce * %(nox_t_per_tce)s::float8, j.coal_replaced_tce * %(dust_t_per_tce)s::float8
  from place p
  left join below b using (area_id, year)
  left join stated t using (area_id, year)
  left join project j on j.area_id = p.area_id and p.year = 0
