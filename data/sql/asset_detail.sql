select a.asset_id, a.version, a.kind, a.code, a.name, a.source_key, a.pair_id, a.attributes, a.valid_from_at, a.valid_to_at,
       a.company_id, company.name as company_name, a.area_id, area.name as area_name,
       st_x(p.point) as lon, st_y(p.point) as lat, st_asgeojson(g.geom, 7) as geometry
  from asset a
  left join asset company
    on company.city_id = a.city_id and company.asset_id = a.company_id and company.valid_to_at is null
  left join asset area
    on area.city_id = a.city_id and area.asset_id = a.area_id and area.valid_to_at is null
  left join lateral (
       select case when $7::double precision is null then a.geom
                   else st_snaptogrid(a.geom, 0, 0, $7, $8::double precision) end as geom
       ) g on true
  left join lateral (
       select case when st_dimension(a.geom) = 0 then st_centroid(a.geom) else st_pointonsurface(a.geom) end as point
       ) q on true
  left join lateral (
       select case when $7::double precision is null then q.point
                   else st_snaptogrid(q.point, 0, 0, $7, $8::double precision) end as point
       ) p on true
 where {scope:a}
   and a.asset_id = $5
   and case when $6::timestamptz is null then a.valid_to_at is null
            else a.valid_from_at <= $6::timestamptz and (a.valid_to_at is null or a.valid_to_at > $6::timestamptz) end
