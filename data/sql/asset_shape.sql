-- the shape of an asset, at a time
select a.kind, a.code, st_dimension(a.geom) as dimension, encode(st_asewkb(st_force2d(a.geom)), 'hex') as shape
  from asset a
 where {scope:a}
   and {valid:a=6}
   and a.asset_id = $5::int
