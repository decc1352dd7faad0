-- which of some tiles hold buildings; they are drawn at every zoom of their tileset
with {part:tile_reaches}
select t.x, t.y, h.held, h.held as below
  from tile t
 cross join lateral (
        select exists (
                   select 1 from tile_building r
                    where $5::int >= 0 and r.geom && t.reach and st_intersects(r.geom, t.reach) and {scope:r=building}
               ) as held
        offset 0
       ) h
