-- the newest month that an area reports of each region, up to the end of the asked year; of two reports for one month the later one counts
create temporary table rollout_reported on commit drop as
with told as (
    select r.asset_id as area_id, coalesce(r.attributes ->> 'region', '') as region, r.attributes ->> 'month' as month,
           r.change_id, r.code, r.attributes as t
      from register_row r
     where r.city_id = %(city_id)s and r.kind = 'rollout_report' and r.asset_id is not null
       and r.attributes ->> 'month' ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'
), newest as (
    select distinct on (n.area_id, n.region, y.year) n.area_id, y.year, n.t
      from unnest(%(years)s::int[]) as y (year)
      join told n on y.year = 0 or left(n.month, 4)::int <= y.year
     order by n.area_id, n.region, y.year, n.month desc, n.change_id desc nulls last, n.code
)
select area_id, year,
       sum((t ->> 'heated_area_m2')::float8) as heated_area_m2,
       sum((t ->> 'central_area_m2')::float8) as central_area_m2,
       sum((t ->> 'clean_heat_m2')::float8) as clean_heat_m2,
       sum((t ->> 'clean_electric_m2')::float8) as clean_electric_m2,
       sum((t ->> 'clean_air_m2')::float8) as clean_air_m2,
       sum((t ->> 'clean_biomass_m2')::float8) as clean_biomass_m2,
       sum((t ->> 'clean_gas_m2')::float8) as clean_gas_m2,
       sum((t ->> 'clean_solar_m2')::float8) as clean_solar_m2,
       sum(coalesce((t ->> 'clean_heat_m2')::float8, 0.0)
           + coalesce((t ->> 'clean_electric_m2')::float8, 0.0)
           + coalesce((t ->> 'clean_air_m2')::float8, 0.0)
           + coalesce((t ->> 'clean_biomass_m2')::float8, 0.0)
           + coalesce((t ->> 'clean_gas_m2')::float8, 0.0)
           + coalesce((t ->> 'clean_solar_m2')::float8, 0.0)) as clean_area_m2,
       sum((t ->> 'household_count')::float8) as resident_household_count,
       sum((t ->> 'clean_household_count')::float8) as clean_household_count,
       sum(coalesce((t ->> 'allocated_central_cny')::float8, 0.0) + coalesce((t ->> 'allocated_local_cny')::float8, 0.0) + coalesce((t ->> 'allocated_company_cny')::float8, 0.0)) as allocated_cny,
       sum(coalesce((t ->> 'paid_central_cny')::float8, 0.0) + coalesce((t ->> 'paid_local_cny')::float8, 0.0) + coalesce((t ->> 'paid_company_cny')::float8, 0.0)) as report_paid_cny
  from newest
 group by 1, 2
