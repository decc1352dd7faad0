copy (
select a.asset_id,
       case a.attributes ->> 'network_level' when 'transmission' then 1 else 2 end as level,
       st_length(a.geom::geography) as length_m,
       -- what the water sees: outer diameter less both walls, else the nominal one
       coalesce((a.attributes ->> 'outer_diameter_mm')::double precision - 2 * (a.attributes ->> 'wall_mm')::double precision,
                (a.attributes ->> 'dn')::double precision) as inner_diameter_mm,
       st_z(st_startpoint(st_geometryn(a.geom, 1))) as start_z_m,
       st_z(st_endpoint(st_geometryn(a.geom, st_numgeometries(a.geom)))) as end_z_m
  from asset a
 where a.city_id = %(city_id)s
   and a.kind = 'pipe'
   and a.valid_to_at is null
   and coalesce(a.attributes ->> 'medium', 'heat') = 'heat'
   and a.attributes ->> 'network_level' in ('transmission', 'primary')
 order by a.asset_id
) to stdout (format csv, header)
