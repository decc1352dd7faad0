-- $5: rounding grid in Web Mercator metres (NULL = as stored, with heights)
select a.asset_id, a.code, coalesce(a.pair_id, 0),
       (a.attributes ->> 'dn')::float4, (a.attributes ->> 'outer_diameter_mm')::float4, (a.attributes ->> 'insulation_mm')::float4,
       coalesce((a.attributes ->> 'start_burial_depth_m')::float4, (a.attributes ->> 'burial_depth_m')::float4),
       coalesce((a.attributes ->> 'end_burial_depth_m')::float4, (a.attributes ->> 'burial_depth_m')::float4),
       coalesce(a.attributes ->> 'burial_method', ''),
       coalesce(a.attributes ->> 'z_source', '') = 'surveyed',
       case a.attributes ->> 'network_level' when 'transmission' then 1 when 'primary' then 2 when 'secondary' then 3
            when 'direct' then 4 else 0 end,
       case a.attributes ->> 'side' when 'supply' then 1 when 'return' then 2 else 0 end,
       case when $5::float8 is null then st_asbinary(a.geom)
            else st_asbinary(st_transform(st_snaptogrid(st_transform(st_force2d(a.geom), 3857), $5::float8), 4326))
       end
  from asset a
 where {scope:a} and a.kind = 'pipe' and a.valid_to_at is null and st_dimension(a.geom) = 1
   and coalesce(a.attributes ->> 'medium', 'heat') = 'heat'
 order by a.asset_id
