-- rows are written in the order of the geometry, which PostGIS sorts along a Hilbert curve: neighbours share pages;
-- medium 3 is the gas of gas_pipe, which tiles show as 2 to seats that may see that kind
with segment as (
    select unnest(%(segment_assets)s::int[]) as asset_id, unnest(%(segment_ids)s::int[]) as segment_id
), class as (
    select unnest(%(class_assets)s::int[]) as asset_id, unnest(%(classes)s::int[]) as network_class
), laying as (
    select unnest(%(burial_methods)s::text[]) as burial_method, unnest(%(layings)s::int[]) as laying
), word as (
    -- each word a delivery uses for a material, once: the first pattern that fits counts
    select distinct on (m.material) m.material, coalesce(p.code, %(other_material)s) as code
      from (select distinct a.attributes ->> 'material' as material
              from asset a
             where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind in ('pipe', 'gas_pipe') and a.attributes ->> 'material' <> '') m
      left join unnest(%(material_patterns)s::text[], %(materials)s::int[]) with ordinality as p (pattern, code, place)
        on m.material ~* p.pattern
     order by m.material, p.place
), pipe as (
    select a.asset_id,
           coalesce(a.pair_id, a.asset_id) as pair_id,
           s.segment_id,
           case a.attributes ->> 'network_level' when 'transmission' then 1 when 'primary' then 2 when 'secondary' then 3
                when 'direct' then 4 else 0 end as level,
           case a.attributes ->> 'side' when 'supply' then 1 when 'return' then 2 else 0 end as side,
           case when a.kind = 'gas_pipe' then 3 when a.attributes ->> 'medium' = 'gas' then 2 else 1 end as medium,
           (a.attributes ->> 'dn')::numeric::int as dn,
           case when a.kind = 'gas_pipe' or a.attributes ->> 'medium' = 'gas' then 0
                else coalesce(c.network_class, array_position(%(levels)s::text[], a.attributes ->> 'network_level'), 0)
           end as network_class,
           coalesce(l.laying, 0) as laying,
           coalesce(w.code, 0) as material,
           y.renewed_year,
           greatest(y.installed_year, y.renewed_year) as since_year,
           st_length(a.geom::geography) as length_m,
           nullif((a.attributes ->> 'length_m')::float8, 0) as stated_length_m,
           a.company_id, a.area_id,
           st_transform(st_force2d(a.geom), 3857) as geom
      from asset a
      left join segment s using (asset_id)
      left join class c using (asset_id)
      left join laying l on l.burial_method = a.attributes ->> 'burial_method'
      left join word w on w.material = a.attributes ->> 'material'
     cross join lateral (
           -- a year that cannot be is none
           select case when (a.attributes ->> 'installed_year')::numeric between %(first_year)s and 9999
                       then (a.attributes ->> 'installed_year')::numeric end as installed_year,
                  case when (a.attributes ->> 'renewed_year')::numeric between %(first_year)s and 9999
                       then (a.attributes ->> 'renewed_year')::numeric end as renewed_year
           ) y
     where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind in ('pipe', 'gas_pipe') and st_dimension(a.geom) = 1
)
insert into tile_pipe (
    city_id, asset_id, pair_id, segment_id, level, side, medium, trench, dn, network_class, laying, material, since_year,
    renewed_year, length_m, stated_length_m, company_id, area_id, geom
)
select %(city_id)s, asset_id, pair_id, segment_id, level, side, medium,
       -- the supply pipe stands for its pair; a return pipe without one stands for itself
       side <> 2 or not bool_or(side <> 2) over (partition by pair_id),
       dn, network_class, laying, material, since_year, renewed_year, length_m, stated_length_m,
       company_id, area_id, geom
  from pipe
 order by geom
