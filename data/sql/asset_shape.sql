-- the shape of an asset, at a time
select a.kind, a.code, st_dimension(a.geom) as dimension, encode(st_asewkb(st_force2d(a.geom)), 'hex') as shape
  from {asset_at:6} a
 where {scope:a}
   and a.asset_id = $5::int
