-- rows are written in the order of the geometry, which PostGIS sorts along a Hilbert curve: neighbours share pages
with segment as (
    select unnest(%(segment_assets)s::int[]) as asset_id, unnest(%(segment_ids)s::int[]) as segment_id
), pipe as (
    select a.asset_id,
           coalesce(a.pair_id, a.asset_id) as pair_id,
           s.segment_id,
           case a.attributes ->> 'network_level' when 'transmission' then 1 when 'primary' then 2 when 'secondary' then 3 else 0
           end as level,
           case a.attributes ->> 'side' when 'supply' then 1 when 'return' then 2 else 0 end as side,
           case a.attributes ->> 'medium' when 'gas' then 2 else 1 end as medium,
           (a.attributes ->> 'dn')::numeric::int as dn,
           a.company_id, a.area_id,
           st_transform(st_force2d(a.geom), 3857) as geom
      from asset a
      left join segment s using (asset_id)
     where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = 'pipe' and st_dimension(a.geom) = 1
)
insert into tile_pipe (city_id, asset_id, pair_id, segment_id, level, side, medium, trench, dn, company_id, area_id, geom)
select %(city_id)s, asset_id, pair_id, segment_id, level, side, medium,
       -- the supply pipe stands for its pair; a return pipe without one stands for itself
       side <> 2 or not bool_or(side <> 2) over (partition by pair_id),
       dn, company_id, area_id, geom
  from pipe
 order by geom
