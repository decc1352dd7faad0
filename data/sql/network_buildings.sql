copy (
select a.asset_id, coalesce(a.company_id, 0) as company_id, coalesce(a.area_id, 0) as area_id,
       coalesce(s.asset_id, 0) as substation_id,
       coalesce((a.attributes ->> 'heat_user_count')::int, 0) as heat_user_count,
       coalesce((a.attributes ->> 'heated_area_m2')::double precision, 0) as heated_area_m2,
       coalesce((a.attributes ->> 'heat_load_mw')::double precision, 0) as heat_load_mw,
       (st_xmin(a.geom) + st_xmax(a.geom)) / 2 as lon, (st_ymin(a.geom) + st_ymax(a.geom)) / 2 as lat
  from asset a
  left join asset_key s on s.city_id = a.city_id and s.kind = 'substation' and s.code = a.attributes ->> 'substation_code'
 where a.city_id = %(city_id)s
   and a.kind = 'building'
   and a.valid_to_at is null
   and (%(only)s::int[] is null or a.asset_id = any(%(only)s::int[]))
 order by a.asset_id
) to stdout (format csv, header)
