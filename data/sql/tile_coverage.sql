-- $10: what an area covers in the order of the codes
-- in two parts, because few areas have a low zoom and these have an index of their own
with {part:tile_grid}, asked as materialized (
    select c.asset_id, c.of_kind, c.of_id, c.name, c.label,
           case when $5::int < 13 then c.low_geom else c.geom end as shape
      from tile t
      join tile_coverage c on c.geom && t.reach
     where {scope:c} and c.minzoom <= 11 and c.minzoom <= $5::int
     union all
    select c.asset_id, c.of_kind, c.of_id, c.name, c.label,
           case when $5::int < 13 then c.low_geom else c.geom end as shape
      from tile t
      join tile_coverage c on c.geom && t.reach
     where {scope:c} and c.minzoom > 11 and c.minzoom <= $5::int and $5::int > 11
), rows as (
    select c.asset_id, array_position($10::text[], c.of_kind) as of_kind, c.of_id, nullif(c.name, '') as name,
           st_asmvtgeom({drawn:c.shape}, t.bounds, 4096, 64, true) as geom
      from tile t, asked c
     -- the large areas first: the small ones lie on top of them
     order by st_area(c.shape) desc
), named as (
    -- a name stands once, in the tile that holds its point
    select p.asset_id, array_position($10::text[], p.of_kind) as of_kind, p.of_id, p.name,
           st_asmvtgeom(p.point, t.bounds, 4096, 0, true) as geom
      from tile t
      join lateral (
           select c.asset_id, c.of_kind, c.of_id, c.name,
                  {drawn:c.label} as point
             from asked c
            where c.label is not null
           ) p on p.point && t.bounds
)
select (select coalesce(st_asmvt(rows, 'coverage', 4096, 'geom', 'asset_id'), '') from rows where geom is not null)
    || (select coalesce(st_asmvt(named, 'coverage_name', 4096, 'geom', 'asset_id'), '') from named)
