copy (
select a.asset_id, coalesce(a.company_id, 0) as company_id, coalesce(a.area_id, 0) as area_id,
       coalesce(b.asset_id, 0) as building_id, coalesce(s.asset_id, 0) as substation_id,
       st_x(st_centroid(a.geom)) as lon, st_y(st_centroid(a.geom)) as lat
  from asset a
  left join asset_key b on b.city_id = a.city_id and b.kind = 'building' and b.code = a.attributes ->> 'building_code'
  left join asset_key s on s.city_id = a.city_id and s.kind = 'substation' and s.code = a.attributes ->> 'substation_code'
 where a.city_id = %(city_id)s
   and a.kind = 'building_inlet'
   and a.valid_to_at is null
   and (%(only)s::int[] is null or a.asset_id = any(%(only)s::int[]))
 order by a.asset_id
) to stdout (format csv, header)
