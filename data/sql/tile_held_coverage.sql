-- which of some tiles hold rows at their zoom (held: of generalised shapes below z13), which at theirs or a later one (below)
with {part:tile_reaches}
select t.x, t.y, h.held,
       h.held or exists (select 1 from tile_coverage r where r.geom && t.reach and st_intersects(r.geom, t.reach) and {scope:r}) as below
  from tile t
 cross join lateral (
        select exists (
                   select 1 from tile_coverage r
                    where r.geom && t.reach and {scope:r} and r.minzoom <= $5::int
                      and st_intersects(case when $5::int < 13 then r.low_geom else r.geom end, t.reach)
               ) as held
        offset 0
       ) h
