-- the nearest assets in metres on the ground. An index knows degrees only, and a degree of longitude is shorter than one of
-- latitude: the nearest by degrees say how far to look, and what lies within that is measured.
-- $5 kinds, $6 $7 place, $8 farthest metres, $9 time, $10 how many, $11 $12 grid: where there is one, the distance is that of the
-- rounded place, or the exact one could be found out from three places
with near as materialized (
    select st_distance(b.shown::geography, st_setsrid(st_makepoint($6::float8, $7::float8), 4326)::geography) as distance_m
      from (
            select case when $11::float8 is null then n.geom
                             else coalesce(st_snaptogrid(n.geom, 0, 0, $11::float8, $12::float8),
                                           st_snaptogrid(st_pointonsurface(n.geom), 0, 0, $11::float8, $12::float8)) end as shown
              from asset n
             where {scope:n}
               and {valid:n=9}
               and ($5::text[] is null or n.kind = any($5::text[]))
               and n.geom && st_expand(st_setsrid(st_makepoint($6::float8, $7::float8), 4326),
                                       $8::float8 / (111100 * cos(radians(least(abs($7::float8) + $8::float8 / 110500, 89.9)))),
                                       $8::float8 / 110500)
             order by n.geom <-> st_setsrid(st_makepoint($6::float8, $7::float8), 4326)
             limit $10::int
           ) b
), reach as materialized (
    select case when count(*) < $10::int then $8::float8 else least($8::float8, max(distance_m)) end as m
      from near
), box as materialized (
    select st_expand(st_setsrid(st_makepoint($6::float8, $7::float8), 4326),
                     r.m / (111100 * cos(radians(least(abs($7::float8) + r.m / 110500, 89.9)))) + coalesce($11::float8, 1e-9),
                     r.m / 110500 + coalesce($12::float8, 1e-9)) as around
      from reach r
), measured as materialized (
    select a.asset_id, a.kind, a.code, a.name, a.company_id, a.area_id, a.geom,
           st_distance((case when $11::float8 is null then a.geom
                               else coalesce(st_snaptogrid(a.geom, 0, 0, $11::float8, $12::float8),
                                             st_snaptogrid(st_pointonsurface(a.geom), 0, 0, $11::float8, $12::float8)) end)::geography,
                       st_setsrid(st_makepoint($6::float8, $7::float8), 4326)::geography) as distance_m
      from box b
      join asset a on a.geom && b.around
     where {scope:a}
       and {valid:a=9}
       and ($5::text[] is null or a.kind = any($5::text[]))
     order by distance_m, a.asset_id
     limit $10::int
)
select m.asset_id, m.kind, m.code, m.name, m.company_id, m.area_id, m.distance_m,
       case when $11::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $11, $12::double precision)) end as lon,
       case when $11::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $11, $12::double precision)) end as lat
  from measured m
  left join lateral (
       select case when st_dimension(m.geom) = 0 then st_centroid(m.geom) else st_pointonsurface(m.geom) end as point
       ) p on true
 where m.distance_m <= $8::float8
 order by m.distance_m, m.asset_id
