-- medium 3 is the gas of gas_pipe, which tiles show as 2 to seats that may see that kind; what the network says of a pipe is in
-- pipe_fact, its temperature in the newest solution of its zone; `asset_ids`: these only (whole pairs), null = all
with laying as (
    select unnest(%(burial_methods)s::text[]) as burial_method, unnest(%(layings)s::int[]) as laying
), word as (
    -- each word a delivery uses for a material, once: the first pattern that fits counts
    select distinct on (m.material) m.material, coalesce(p.code, %(other_material)s::int) as code
      from (select distinct a.attributes ->> 'material' as material
              from asset a
             where a.city_id = %(city_id)s::smallint and a.valid_to_at is null and a.kind in ('pipe', 'gas_pipe')
               and a.attributes ->> 'material' <> ''
               and (%(asset_ids)s::int[] is null or a.asset_id = any(%(asset_ids)s::int[]))) m
      left join unnest(%(material_patterns)s::text[], %(materials)s::int[]) with ordinality as p (pattern, code, place)
        on m.material ~* p.pattern
     order by m.material, p.place
), pipe as (
    select a.asset_id,
           coalesce(a.pair_id, a.asset_id) as pair_id,
           f.segment_id,
           case a.attributes ->> 'network_level' when 'transmission' then 1 when 'primary' then 2 when 'secondary' then 3
                when 'direct' then 4 else 0 end as level,
           case a.attributes ->> 'side' when 'supply' then 1 when 'return' then 2 else 0 end as side,
           case when a.kind = 'gas_pipe' then 3 when a.attributes ->> 'medium' = 'gas' then 2 else 1 end as medium,
           (a.attributes ->> 'dn')::numeric::int as dn,
           case when a.kind = 'gas_pipe' or a.attributes ->> 'medium' = 'gas' then 0
                else coalesce(f.network_class, array_position(%(levels)s::text[], a.attributes ->> 'network_level'), 0)
           end as network_class,
           coalesce(l.laying, 0) as laying,
           coalesce(w.code, 0) as material,
           y.renewed_year,
           greatest(y.installed_year, y.renewed_year) as since_year,
           st_length(a.geom::geography) as length_m,
           nullif((a.attributes ->> 'length_m')::float8, 0) as stated_length_m,
           f.source_id, f.criticality, round(z.temperature_degc)::smallint as temperature_degc,
           a.company_id, a.area_id,
           st_transform(st_force2d(a.geom), 3857) as geom
      from asset a
      left join pipe_fact f on f.city_id = a.city_id and f.asset_id = a.asset_id
      left join zone_pipe z on z.city_id = a.city_id and z.asset_id = a.asset_id
      left join laying l on l.burial_method = a.attributes ->> 'burial_method'
      left join word w on w.material = a.attributes ->> 'material'
     cross join lateral (
           -- a year that cannot be is none
           select case when (a.attributes ->> 'installed_year')::numeric between %(first_year)s::int and 9999
                       then (a.attributes ->> 'installed_year')::numeric end as installed_year,
                  case when (a.attributes ->> 'renewed_year')::numeric between %(first_year)s::int and 9999
                       then (a.attributes ->> 'renewed_year')::numeric end as renewed_year
           ) y
     where a.city_id = %(city_id)s::smallint and a.valid_to_at is null and a.kind in ('pipe', 'gas_pipe') and st_dimension(a.geom) = 1
       and (%(asset_ids)s::int[] is null or a.asset_id = any(%(asset_ids)s::int[]))
)
insert into staged_tile_pipe (
    city_id, asset_id, pair_id, segment_id, level, side, medium, trench, dn, network_class, laying, material, since_year,
    renewed_year, length_m, stated_length_m, source_id, criticality, temperature_degc, company_id, area_id, geom
)
select %(city_id)s::smallint, asset_id, pair_id, segment_id, level, side, medium,
       -- the supply pipe stands for its pair; a return pipe without one stands for itself
       side <> 2 or not bool_or(side <> 2) over (partition by pair_id),
       dn, network_class, laying, material, since_year, renewed_year, length_m, stated_length_m,
       source_id, criticality, temperature_degc, company_id, area_id, geom
  from pipe
