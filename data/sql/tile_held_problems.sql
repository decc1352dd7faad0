-- which of some tiles hold problems; they are drawn at every zoom of their tileset
-- $5: any zoom of theirs
with {part:tile_reaches}
select t.x, t.y, h.held, h.held as below
  from tile t
 cross join lateral (
        select exists (
                   select 1 from problem p
                    where $5::int >= 0 and p.geom && st_transform(t.reach, 4326) and p.state <> 'gone' and {scope:p} and {part:problem_seen}
               ) as held
        offset 0
       ) h
