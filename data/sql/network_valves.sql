copy (
select a.asset_id, coalesce(a.company_id, 0) as company_id, coalesce(a.area_id, 0) as area_id,
       coalesce(a.pair_id, 0) as pair_id,
       case a.attributes ->> 'network_level' when 'transmission' then 1 when 'primary' then 2 when 'secondary' then 3 else 0 end
           as level,
       case a.attributes ->> 'side' when 'supply' then 1 when 'return' then 2 else 0 end as side,
       coalesce(v.state, a.attributes ->> 'normal_state', 'unknown') as state,
       coalesce(v.operability, a.attributes ->> 'operability', 'usable') as operability, coalesce(v.origin, 'assumed') as origin,
       st_x(st_centroid(a.geom)) as lon, st_y(st_centroid(a.geom)) as lat
  from asset a
  left join valve_state v on v.city_id = a.city_id and v.asset_id = a.asset_id
 where a.city_id = %(city_id)s
   and a.kind = 'valve'
   and a.valid_to_at is null
   and (%(only)s::int[] is null or a.asset_id = any(%(only)s::int[]))
 order by a.asset_id
) to stdout (format csv, header)
