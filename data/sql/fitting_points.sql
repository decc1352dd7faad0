-- $5: rounding grid in Web Mercator metres (NULL = as stored)
select a.asset_id, a.code, a.kind, coalesce(a.attributes ->> 'point_type', ''), (a.attributes ->> 'dn')::float4,
       (a.attributes ->> 'burial_depth_m')::float4,
       case when $5::float8 is null then st_asbinary(st_force2d(a.geom))
            else st_asbinary(st_transform(st_snaptogrid(st_transform(st_force2d(a.geom), 3857), $5::float8), 4326))
       end
  from asset a
 where {scope:a} and a.kind in ('valve', 'chamber', 'pipe_point') and a.valid_to_at is null
   and geometrytype(a.geom) in ('POINT', 'POINTZ', 'POINTM', 'POINTZM') and not st_isempty(a.geom)
 order by a.asset_id
