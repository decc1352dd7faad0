-- which of some tiles hold areas of the rollout at their zoom (held), which at theirs or a later one (below)
with {part:tile_reaches}
select t.x, t.y, h.held,
       h.held or exists (
           select 1
             from rollout_area a
            where (a.geom_3857 && t.reach and st_intersects(a.geom_3857, t.reach) or a.point_3857 && t.reach)
              and {part:rollout_seen} and a.kind <> 'city'
       ) as below
  from tile t
 cross join lateral (
        select exists (
                   select 1
                     from rollout_area a
                    where (a.geom_3857 && t.reach and st_intersects(a.geom_3857, t.reach) or a.point_3857 && t.reach)
                      and {part:rollout_seen} and a.kind <> 'city'
                      and $5::int >= case a.kind when 'township' then 7 when 'village' then 10 else 5 end
               ) as held
        offset 0
       ) h
