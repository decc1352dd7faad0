-- $9: the kinds in the order of their codes
with tile as (
    select st_tileenvelope($5::int, $6::int, $7::int) as bounds,
           st_expand(st_tileenvelope($5::int, $6::int, $7::int, margin => 64.0 / 4096), coalesce($8::float8, 0)) as reach
), rows as (
    select a.asset_id, array_position($9::text[], a.kind) as kind, nullif(a.name, '') as name,
           st_asmvtgeom(case when $8::float8 is null then a.geom else st_snaptogrid(a.geom, $8::float8) end,
                        t.bounds, 4096, 64, true) as geom
      from tile t
      join tile_point a on a.geom && t.reach
     where {scope:a} and a.minzoom <= $5::int
)
select coalesce(st_asmvt(rows, 'asset', 4096, 'geom', 'asset_id'), '') from rows where geom is not null
