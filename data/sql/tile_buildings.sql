with tile as (
    select st_tileenvelope($5::int, $6::int, $7::int) as bounds,
           st_expand(st_tileenvelope($5::int, $6::int, $7::int, margin => 64.0 / 4096), coalesce($8::float8, 0)) as reach
), rows as (
    select b.asset_id, b.height_dm, b.substation_id,
           st_asmvtgeom(case when $8::float8 is null then b.geom else st_snaptogrid(b.geom, $8::float8) end,
                        t.bounds, 4096, 64, true) as geom
      from tile t
      join tile_building b on b.geom && t.reach
     where {scope:b=building}
)
select coalesce(st_asmvt(rows, 'building', 4096, 'geom', 'asset_id'), '') from rows where geom is not null
