-- the figures of an area (alias f) as tiles carry them: codes, counts, shares in thousandths, scores in hundredths
-- $12: retrofit types, $13: energies in the order of their codes; of several that are as large, the first one stands for the area
(select array_position($12::text[], k.name)
   from (values ('electric', f.electric_count), ('biomass', f.biomass_count), ('solar', f.solar_count)) as k (name, amount)
  where k.amount > 0
  order by k.amount desc, array_position($12::text[], k.name)
  limit 1) as type,
(select array_position($13::text[], k.name)
   from (values ('heat', f.clean_heat_m2), ('electric', f.clean_electric_m2), ('air', f.clean_air_m2),
                ('biomass', f.clean_biomass_m2), ('gas', f.clean_gas_m2), ('solar', f.clean_solar_m2)) as k (name, amount)
  where k.amount > 0
  order by k.amount desc, array_position($13::text[], k.name)
  limit 1) as energy,
f.stage::int as stage,
f.marker::int as marker,
f.household_count::int as households,
f.target_household_count::int as target,
f.finished_count::int as finished,
f.permanent_count::int as permanent,
round(1000 * f.completion_rate)::int as completion,
round(1000 * f.installation_rate)::int as installation,
round(1000 * f.clean_heating_rate)::int as rate,
round(1000 * f.target_rate)::int as target_rate,
round(1000 * f.clean_heat_m2 / nullif(f.clean_area_m2, 0))::int as heat_share,
round(1000 * f.clean_electric_m2 / nullif(f.clean_area_m2, 0))::int as electric_share,
round(1000 * f.clean_air_m2 / nullif(f.clean_area_m2, 0))::int as air_share,
round(1000 * f.clean_biomass_m2 / nullif(f.clean_area_m2, 0))::int as biomass_share,
round(1000 * f.clean_gas_m2 / nullif(f.clean_area_m2, 0))::int as gas_share,
round(1000 * f.clean_solar_m2 / nullif(f.clean_area_m2, 0))::int as solar_share,
f.device_count::int as devices,
f.ticket_count::int as tickets,
f.ticket_last_season_count::int as tickets_before,
f.open_ticket_count::int as open_tickets,
round(f.mean_handling_hours)::int as handling,
round(100 * f.satisfaction)::int as satisfaction,
round(100 * f.supplier_satisfaction)::int as supplier_satisfaction,
f.answer_count::int as answers
