-- buildings of a layer that stand on roads, water, buildings of other layers, in estates not theirs or, without heat, on pipes:
-- as they are, and moved
select count(*) filter (where h.hit and not h.moved), count(*) filter (where h.hit and h.moved)
  from (
        select p.moved,
               exists (
                   select 1
                     from check_shape o
                    where o.m && p.m
                      and o.kind in ('water', 'building', 'estate')
                      and not (o.kind = 'estate' and o.code = p.estate)
                      and not (
                          o.kind = 'building'
                          and exists (
                              select 1
                                from check_member l
                               where l.asset_id = o.asset_id and l.layer = %(layer)s
                          )
                      )
                      and st_intersects(o.m, p.m)
               ) or exists (
                   select 1
                     from check_line o
                    where o.geom && p.geom
                      and (o.kind = 'road' or (o.kind = 'pipe' and not p.heated))
                      and st_intersects(o.geom, p.geom)
               ) as hit
          from (
                select s.geom, s.moved, coalesce(b.attributes ->> 'estate_code', '') as estate,
                       b.attributes ->> 'substation_code' is not null as heated,
                       st_affine(s.geom, %(east_m)s, 0, 0, %(north_m)s, -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s) as m
                  from unnest(%(ids)s::int[], %(moved)s::bytea[]) u (asset_id, wkb)
                  join asset b on b.city_id = %(city_id)s and b.asset_id = u.asset_id and b.valid_to_at is null
                 cross join lateral (
                       values (st_force2d(b.geom), false), (st_force2d(st_geomfromwkb(u.wkb, 4326)), true)
                       ) s (geom, moved)
                 where st_isvalid(b.geom)
               ) p
       ) h
