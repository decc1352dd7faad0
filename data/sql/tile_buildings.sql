with {part:tile_grid}, rows as (
    select b.asset_id, b.height_dm, b.substation_id,
           st_asmvtgeom({drawn:b.geom}, t.bounds, 4096, 64, true) as geom
      from tile t
      join tile_building b on b.geom && t.reach
     where {scope:b=building}
)
select coalesce(st_asmvt(rows, 'building', 4096, 'geom', 'asset_id'), '') from rows where geom is not null
