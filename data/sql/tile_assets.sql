-- $10: the kinds in the order of their codes
with {part:tile_grid}, rows as (
    select a.asset_id, array_position($10::text[], a.kind) as kind, nullif(a.name, '') as name,
           st_asmvtgeom({drawn:a.geom}, t.bounds, 4096, 64, true) as geom
      from tile t
      join tile_point a on a.geom && t.reach
     where {scope:a} and a.minzoom <= $5::int
)
select coalesce(st_asmvt(rows, 'asset', 4096, 'geom', 'asset_id'), '') from rows where geom is not null
