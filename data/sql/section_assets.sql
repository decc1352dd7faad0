-- what may stand in a vertical section: everything of these kinds whose place, as the caller sees it, comes near the line.
-- The reach in degrees is that of a degree of longitude, so it takes too much northward; what is cut is decided in metres.
-- $5 kinds, $6 line (hexadecimal EWKB), $7 reach in degrees, $8 $9 grid in degrees (NULL = as stored, with heights)
with given as materialized (
    select $6::text::geometry as line
)
select a.asset_id, a.kind, a.code, a.name, coalesce(a.pair_id, 0) as pair_id, a.attributes, st_asbinary(s.shown) as shape
  from given g
  join asset a on st_dwithin(a.geom, g.line, $7::float8 + coalesce($8::float8, 0) + coalesce($9::float8, 0))
 cross join lateral (
       select case when $8::float8 is null then a.geom
                   else st_snaptogrid(st_force2d(a.geom), 0, 0, $8::float8, $9::float8) end as shown
 ) s
 where {scope:a} and a.kind = any($5::text[]) and a.valid_to_at is null
   and s.shown is not null and not st_isempty(s.shown)
 order by a.asset_id
