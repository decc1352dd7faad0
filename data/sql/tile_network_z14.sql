-- z14: the trench, drawn by the pipe that stands for its pair
with {part:tile_grid}, rows as (
    select p.asset_id, p.pair_id, p.segment_id, p.level, least(p.medium, 2) as medium, p.dn,
           nullif(p.network_class, 0) as class,
           {part:tile_pipe_wanted},
           st_asmvtgeom({drawn:p.geom}, t.bounds, 4096, 64, true) as geom
      from tile t
      join tile_pipe p on p.geom && t.reach
     where {scope:p=pipe} and p.trench
       and (p.medium < 3 or $2::text[] is null or 'gas_pipe' = any($2::text[]))
)
select coalesce(st_asmvt(rows, 'pipe', 4096, 'geom', 'asset_id'), '') from rows where geom is not null
