-- z10..z13: one row per topology segment, company and area
-- in three parts, because a tile of the lowest zooms holds most rows of its zoom, which have an index of their own
with {part:tile_grid}, merged as (
    select p.*
      from tile t
      join tile_pipe_zoom p on p.geom && t.reach
     where {scope:p=pipe} and p.zoom = 10 and $5::int = 10
     union all
    select p.*
      from tile t
      join tile_pipe_zoom p on p.geom && t.reach
     where {scope:p=pipe} and p.zoom = 11 and $5::int = 11
     union all
    select p.*
      from tile t
      join tile_pipe_zoom p on p.geom && t.reach
     where {scope:p=pipe} and p.zoom > 11 and p.zoom = $5::int and $5::int > 11
), rows as (
    select p.segment_id, p.level, least(p.medium, 2) as medium, p.dn,
           nullif(p.network_class, 0) as class,
           {part:tile_pipe_wanted},
           st_asmvtgeom({drawn:p.geom}, t.bounds, 4096, 64, true) as geom
      from tile t, merged p
     where (p.medium < 3 or $2::text[] is null or 'gas_pipe' = any($2::text[]))
)
select coalesce(st_asmvt(rows, 'pipe', 4096, 'geom', 'segment_id'), '') from rows where geom is not null
