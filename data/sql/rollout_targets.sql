-- what areas state for a year: the newest year up to the asked one; rows for one energy count only where none is for all
create temporary table rollout_target_stated on commit drop as
with stated as (
    select r.asset_id as area_id, (r.attributes ->> 'year')::int as year, r.attributes ->> 'region' as region,
           r.attributes ->> 'energy_type' as energy,
           (r.attributes ->> 'target_household_count')::float8 as target_household_count,
           (r.attributes ->> 'target_area_m2')::float8 as target_area_m2,
           (r.attributes ->> 'target_rate')::float8 as target_rate
      from register_row r
     where r.city_id = %(city_id)s and r.kind = 'rollout_target' and r.asset_id is not null
), whole as (
    select s.*, min(case when energy is null then 0 else 1 end) over (partition by area_id, year, region) as finest from stated s
), summed as (
    select area_id, year,
           sum(target_household_count) as target_household_count,
           sum(target_area_m2) as target_area_m2,
           coalesce(
               sum(target_rate * target_area_m2) filter (where target_rate is not null)
                   / nullif(sum(target_area_m2) filter (where target_rate is not null), 0),
               avg(target_rate)
           ) as target_rate
      from whole
     where finest = case when energy is null then 0 else 1 end
     group by 1, 2
)
select distinct on (s.area_id, y.year) s.area_id, y.year, s.target_household_count, s.target_area_m2, s.target_rate
  from unnest(%(years)s::int[]) as y (year)
  join summed s on s.year <= case y.year when 0 then %(this_year)s else y.year end
 order by s.area_id, y.year, s.year desc
