-- the shape of an asset, at a time; $7 $8 grid: where there is one, the rounded shape
select a.kind, a.code, encode(st_asewkb(st_force2d(g.geom)), 'hex') as shape
  from asset a
  join lateral (
       select case when $7::float8 is null then a.geom
                   else coalesce(st_makevalid(st_snaptogrid(a.geom, 0, 0, $7::float8, $8::float8)),
                                 st_snaptogrid(st_pointonsurface(a.geom), 0, 0, $7::float8, $8::float8)) end as geom
       ) g on true
 where {scope:a}
   and {valid:a=6}
   and a.asset_id = $5::int
