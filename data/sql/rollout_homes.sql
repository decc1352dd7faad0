-- households counted by what is asked of them, so that the rows are read once; a quarter of a million rows become some ten thousand
create temporary table rollout_home on commit drop as
select r.asset_id as village_id,
       r.attributes ->> 'energy_type' as energy,
       coalesce(r.attributes ->> 'retrofit_type', '') as type,
       coalesce(r.attributes ->> 'supplier', '') as supplier,
       coalesce(r.attributes ->> 'installed_year', left(r.attributes ->> 'finished_on', 4))::int as year,
       coalesce(r.attributes ->> 'install_state', case when r.attributes ? 'installed_year' then 'in_use' else 'planned' end) as state,
       coalesce(r.attributes ->> 'household_group', 'retrofitted') = 'control' as control,
       coalesce((r.attributes ->> 'insulated')::boolean, false) as insulated,
       coalesce((r.attributes ->> 'permanent')::boolean, false) as permanent,
       count(*)::float8 as row_count,
       sum((r.attributes ->> 'floor_area_m2')::float8) as floor_area_m2
  from register_row r
 where r.city_id = %(city_id)s
   and r.kind = 'household'
   and r.asset_id is not null
   and (%(villages)s::int[] is null or r.asset_id = any(%(villages)s::int[]))
 group by 1, 2, 3, 4, 5, 6, 7, 8, 9
