-- $10: the kinds in the order of their codes
-- in two parts, because few points have a low zoom and these have an index of their own
with {part:tile_grid}, point as (
    select a.asset_id, a.kind, a.geom,
           case when $5::int >= 12 or a.minzoom <= $5::int - 2 then nullif(a.name, '') end as name
      from tile t
      join tile_point a on a.geom && t.reach
     where {scope:a} and a.minzoom <= 13 and a.minzoom <= $5::int
     union all
    select a.asset_id, a.kind, a.geom, nullif(a.name, '')
      from tile t
      join tile_point a on a.geom && t.reach
     where {scope:a} and a.minzoom > 13 and a.minzoom <= $5::int and $5::int > 13
), rows as (
    select p.asset_id, array_position($10::text[], p.kind) as kind, p.name,
           st_asmvtgeom({drawn:p.geom}, t.bounds, 4096, 64, true) as geom
      from tile t, point p
)
select coalesce(st_asmvt(rows, 'asset', 4096, 'geom', 'asset_id'), '') from rows where geom is not null
