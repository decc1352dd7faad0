copy (
-- a boiler house for peaks only stands still unless it is said to run; every other source runs unless it is said not to
select a.asset_id, coalesce(a.company_id, 0) as company_id, coalesce(a.area_id, 0) as area_id, a.name, a.kind,
       coalesce(r.running, (a.attributes ->> 'running')::boolean,
                not coalesce((a.attributes ->> 'peak_only')::boolean, false))::int as running,
       st_x(st_centroid(a.geom)) as lon, st_y(st_centroid(a.geom)) as lat
  from asset a
  left join source_state r on r.city_id = a.city_id and r.asset_id = a.asset_id
 where a.city_id = %(city_id)s
   and a.kind in ('plant', 'boiler_house')
   and a.valid_to_at is null
   and (%(only)s::int[] is null or a.asset_id = any(%(only)s::int[]))
 order by a.asset_id
) to stdout (format csv, header)
