-- the nearest assets in metres on the ground. An index knows degrees only, and a degree of longitude is shorter than one of
-- latitude: the nearest by degrees say how far to look, and what lies within that is measured.
-- $5 kinds, $6 $7 place, $8 farthest metres, $9 time, $10 how many, $11 $12 grid
with near as materialized (
    select st_distance(a.geom::geography, st_setsrid(st_makepoint($6::float8, $7::float8), 4326)::geography) as distance_m
      from (
            select n.geom
              from {asset_at:9} n
             where {scope:n}
               and ($5::text[] is null or n.kind = any($5::text[]))
               and n.geom && st_expand(st_setsrid(st_makepoint($6::float8, $7::float8), 4326),
                                       $8::float8 / (111100 * cos(radians(least(abs($7::float8) + $8::float8 / 110500, 89.9)))),
                                       $8::float8 / 110500)
             order by n.geom <-> st_setsrid(st_makepoint($6::float8, $7::float8), 4326)
             limit $10::int
           ) a
), reach as materialized (
    select case when count(*) < $10::int then $8::float8 else least($8::float8, max(distance_m)) end as m
      from near
)
select a.asset_id, a.kind, a.code, a.name, a.company_id, a.area_id, d.distance_m,
       case when $11::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $11, $12::double precision)) end as lon,
       case when $11::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $11, $12::double precision)) end as lat
  from reach r
  join {asset_at:9} a
    on a.geom && st_expand(st_setsrid(st_makepoint($6::float8, $7::float8), 4326),
                           r.m / (111100 * cos(radians(least(abs($7::float8) + r.m / 110500, 89.9)))) + 1e-9,
                           r.m / 110500 + 1e-9)
 cross join lateral (
       select st_distance(a.geom::geography, st_setsrid(st_makepoint($6::float8, $7::float8), 4326)::geography) as distance_m
       ) d
  left join lateral (
       select case when st_dimension(a.geom) = 0 then st_centroid(a.geom) else st_pointonsurface(a.geom) end as point
       ) p on true
 where {scope:a}
   and ($5::text[] is null or a.kind = any($5::text[]))
   and d.distance_m <= $8::float8
 order by d.distance_m, a.asset_id
 limit $10::int
