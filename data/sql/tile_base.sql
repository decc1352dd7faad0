-- layers green, water, area, road, area_name in one answer: encoded MVT layers may simply follow each other
-- $10: area kinds in the order of their codes, $11: road classes in the order of theirs
-- in two parts, because few rows have a low zoom and these have an index of their own
with {part:tile_grid}, asked as materialized (
    select b.asset_id, b.kind, b.class, b.name, b.label,
           case when $5::int < 13 then b.low_geom else b.geom end as shape
      from tile t
      join tile_base b on b.geom && t.reach
     where {scope:b} and b.minzoom <= 11 and b.minzoom <= $5::int
     union all
    select b.asset_id, b.kind, b.class, b.name, b.label,
           case when $5::int < 13 then b.low_geom else b.geom end as shape
      from tile t
      join tile_base b on b.geom && t.reach
     where {scope:b} and b.minzoom > 11 and b.minzoom <= $5::int and $5::int > 11
), rows as materialized (
    select b.asset_id, b.kind, b.class, nullif(b.name, '') as name,
           st_asmvtgeom({drawn:b.shape}, t.bounds, 4096, 64, true) as geom
      from tile t, asked b
), green as (
    select asset_id, geom from rows where kind = 'green' and geom is not null
), water as (
    select asset_id, name, geom from rows where kind = 'water' and geom is not null
), area as (
    select asset_id, array_position($10::text[], kind) as kind, name, geom
      from rows where kind = any($10::text[]) and geom is not null
), area_name as (
    -- a name stands once, in the tile that holds its point: from the outline it would stand in every tile
    select p.asset_id, array_position($10::text[], p.kind) as kind, p.name,
           st_asmvtgeom(p.point, t.bounds, 4096, 0, true) as geom
      from tile t
      join lateral (
           select b.asset_id, b.kind, b.name,
                  {drawn:b.label} as point
             from asked b
            where b.kind = any($10::text[]) and b.label is not null
           ) p on p.point && t.bounds
), road as (
    select asset_id, array_position($11::text[], coalesce(nullif(class, ''), 'other')) as class, name, geom
      from rows where kind = 'road' and geom is not null
)
select (select coalesce(st_asmvt(green, 'green', 4096, 'geom', 'asset_id'), '') from green)
    || (select coalesce(st_asmvt(water, 'water', 4096, 'geom', 'asset_id'), '') from water)
    || (select coalesce(st_asmvt(area, 'area', 4096, 'geom', 'asset_id'), '') from area)
    || (select coalesce(st_asmvt(road, 'road', 4096, 'geom', 'asset_id'), '') from road)
    || (select coalesce(st_asmvt(area_name, 'area_name', 4096, 'geom', 'asset_id'), '') from area_name)
