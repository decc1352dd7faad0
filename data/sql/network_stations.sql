copy (
select a.asset_id, coalesce(a.company_id, 0) as company_id, coalesce(a.area_id, 0) as area_id, a.kind,
       st_x(st_centroid(a.geom)) as lon, st_y(st_centroid(a.geom)) as lat
  from asset a
 where a.city_id = %(city_id)s
   and a.kind in ('relay_pump_station', 'relay_energy_station', 'isolating_station', 'accumulator')
   and a.valid_to_at is null
   and (%(only)s::int[] is null or a.asset_id = any(%(only)s::int[]))
 order by a.asset_id
) to stdout (format csv, header)
