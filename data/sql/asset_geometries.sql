select a.asset_id, a.kind,
       st_asgeojson(case when $6::double precision is null then a.geom
                         else st_snaptogrid(a.geom, 0, 0, $6, $7::double precision) end, 7) as geometry
  from asset a
 where {scope:a}
   and a.asset_id = any($5::int[])
   and a.valid_to_at is null
 order by a.asset_id
