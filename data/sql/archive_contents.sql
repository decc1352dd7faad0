-- versions by id and number ($5, $6, parallel)
select a.asset_id, a.version, a.kind, a.code, a.name, a.source_key, a.attributes, sha256(a.geom::bytea) as geom_key,
       st_asgeojson(case when $7::double precision is null then a.geom
                         else st_snaptogrid(a.geom, 0, 0, $7, $8::double precision) end, 8) as geometry
  from unnest($5::int[], $6::int[]) as w (asset_id, version)
  join asset a on a.asset_id = w.asset_id and a.version = w.version
 where {scope:a}
