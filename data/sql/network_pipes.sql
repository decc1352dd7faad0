copy (
select a.asset_id, coalesce(a.company_id, 0) as company_id, coalesce(a.area_id, 0) as area_id,
       coalesce(a.pair_id, 0) as pair_id,
       case a.attributes ->> 'network_level' when 'transmission' then 1 when 'primary' then 2 when 'secondary' then 3
            when 'direct' then 4 else 0 end as level,
       case a.attributes ->> 'side' when 'supply' then 1 when 'return' then 2 else 0 end as side,
       st_length(a.geom::geography) as length_m,
       st_x(e.first) as start_lon, st_y(e.first) as start_lat, st_x(e.last) as end_lon, st_y(e.last) as end_lat,
       st_z(e.first) as start_height_m, st_z(e.last) as end_height_m
  from asset a
 cross join lateral (
       -- a line of several parts counts from the start of the first to the end of the last
       select st_startpoint(st_geometryn(a.geom, 1)) as first,
              st_endpoint(st_geometryn(a.geom, st_numgeometries(a.geom))) as last
       ) e
 where a.city_id = %(city_id)s
   and a.kind = 'pipe'
   and a.valid_to_at is null
   and (%(only)s::int[] is null or a.asset_id = any(%(only)s::int[]))
   and coalesce(a.attributes ->> 'medium', 'heat') = 'heat'
 order by a.asset_id
) to stdout (format csv, header)
