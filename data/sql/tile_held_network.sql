-- which of some tiles hold pipes at their zoom (held: merged rows up to z13), which at theirs or a later one (below)
with {part:tile_reaches}
select t.x, t.y,
       case when $5::int < 14 then z.held else p.held end as held,
       z.held or p.held as below
  from tile t
 cross join lateral (
        select exists (
                   select 1 from tile_pipe_zoom r
                    where $5::int < 14 and r.geom && t.reach and st_intersects(r.geom, t.reach) and {scope:r=pipe}
                      and r.zoom = greatest($5::int, 10)
               ) as held
        offset 0
       ) z
 cross join lateral (
        select exists (
                   select 1 from tile_pipe r where r.geom && t.reach and st_intersects(r.geom, t.reach) and {scope:r=pipe}
               ) as held
        offset 0
       ) p
