-- assets that a shape and its surroundings meet, or hold whole ($8): counts by kind and the ids of a page.
-- $5 kinds, $6 shape (hexadecimal EWKB), $7 metres around it on the ground, $9 time, $10 an asset that does not count, $11 $12 page,
-- $13 $14 grid: where there is one, the shape must meet the rounded place.
-- A buffer is a polygon and never exact: what lies within 0.99 of it counts, what does not meet 1.01 of it does not, and what is
-- left is measured on the ellipsoid
with given as materialized (
    select $6::text::geometry as geom, $6::text::geometry::geography as ground
), shape as materialized (
    select g.ground,
           case when $7::float8 = 0 then g.geom else st_buffer(g.ground, $7::float8 * 0.99, 'quad_segs=16')::geometry end as sure,
           case when $7::float8 = 0 then g.geom else st_buffer(g.ground, $7::float8 * 1.01, 'quad_segs=16')::geometry end as maybe
      from given g
), hit as materialized (
    select a.asset_id, a.kind
      from shape s
      join asset a on a.geom && st_expand(s.maybe, coalesce($13::float8, 0), coalesce($14::float8, 0))
      join lateral (
           select case when $13::float8 is null then a.geom
                       else coalesce(st_makevalid(st_snaptogrid(a.geom, 0, 0, $13::float8, $14::float8)),
                                     st_snaptogrid(st_pointonsurface(a.geom), 0, 0, $13::float8, $14::float8)) end as geom
           ) g on true
     where {scope:a}
       and {valid:a=9}
       and ($5::text[] is null or a.kind = any($5::text[]))
       and ($10::int is null or a.asset_id <> $10::int)
       and case when $8::boolean then st_covers(s.maybe, g.geom)
                else st_intersects(s.sure, g.geom)
                     or ($7::float8 > 0 and st_intersects(s.maybe, g.geom)
                         and st_dwithin(s.ground, g.geom::geography, $7::float8)) end
)
select (select count(*) from hit) as total,
       (select coalesce(jsonb_object_agg(k.kind, k.assets), '{}'::jsonb)
          from (select kind, count(*) as assets from hit group by kind) k) as counts,
       array(select h.asset_id from hit h order by h.asset_id limit $11 offset $12) as asset_ids
