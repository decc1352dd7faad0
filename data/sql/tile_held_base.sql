-- which of some tiles hold rows at their zoom (held), which at theirs or a later one (below)
with {part:tile_reaches}
select t.x, t.y, h.held,
       h.held or exists (select 1 from tile_base r where r.geom && t.reach and st_intersects(r.geom, t.reach) and {scope:r}) as below
  from tile t
 cross join lateral (
        select exists (
                   select 1 from tile_base r
                    where r.geom && t.reach and st_intersects(r.geom, t.reach) and {scope:r} and r.minzoom <= $5::int
               ) as held
        offset 0
       ) h
