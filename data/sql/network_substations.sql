copy (
select a.asset_id, coalesce(a.company_id, 0) as company_id, coalesce(a.area_id, 0) as area_id, a.name,
       coalesce(s.asset_id, 0) as source_id,
       st_x(st_centroid(a.geom)) as lon, st_y(st_centroid(a.geom)) as lat
  from asset a
  left join asset s
    on s.city_id = a.city_id
   and s.kind in ('plant', 'boiler_house')
   and s.code = a.attributes ->> 'source_code'
   and s.valid_to_at is null
 where a.city_id = %(city_id)s
   and a.kind = 'substation'
   and a.valid_to_at is null
   and (%(only)s::int[] is null or a.asset_id = any(%(only)s::int[]))
 order by a.asset_id
) to stdout (format csv, header)
