-- shapes and values of a problem's assets before and after its repair, as GeoJSON and JSON
select a.asset_id, a.kind, a.code,
       st_asgeojson(case when $7::double precision is null then a.geom else st_snaptogrid(a.geom, 0, 0, $7, $8::double precision) end, 9)
           as before,
       st_asgeojson(
           case when $7::double precision is null then e.geom else st_snaptogrid(e.geom, 0, 0, $7, $8::double precision) end, 9
       ) as after,
       a.attributes, e.attributes as changes, coalesce(e.retire, false) as retire
  from asset a
  left join lateral (
        select (x ->> 'geometry')::geometry as geom, x -> 'attributes' as attributes, (x ->> 'retire')::boolean as retire
          from jsonb_array_elements($6::jsonb) x
         where (x ->> 'asset_id')::int = a.asset_id
       ) e on true
 where {scope:a}
   and a.asset_id = any($5::int[])
   and a.valid_to_at is null
 order by a.asset_id
 limit 100
