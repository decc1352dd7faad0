-- one row per zoom, topology segment, company and area; a pipe outside the heat network is its own segment; of class, laying and
-- material the most frequent one, of the years the oldest
with merged as (
    select coalesce(segment_id, asset_id) as segment_id, company_id, area_id,
           min(level) as level, min(medium) as medium, max(dn) as dn,
           mode() within group (order by network_class) as network_class,
           mode() within group (order by laying) as laying,
           mode() within group (order by material) as material,
           min(since_year) as since_year,
           st_linemerge(st_collect(geom)) as geom
      from tile_pipe
     where city_id = %(city_id)s and trench
     group by 1, 2, 3
), zoomed as (
    select z.zoom, m.segment_id, m.level, m.medium, m.dn, m.network_class, m.laying, m.material, m.since_year, m.company_id,
           m.area_id,
           st_simplify(m.geom, z.tolerance_m, true) as geom
      from merged m
      join (select unnest(%(zooms)s::int[]) as zoom, unnest(%(tolerances_m)s::float8[]) as tolerance_m,
                   unnest(%(max_levels)s::int[]) as max_level) z
        on m.level <= z.max_level
)
insert into tile_pipe_zoom (
    city_id, zoom, row_id, segment_id, level, medium, dn, network_class, laying, material, since_year, company_id, area_id, geom
)
select %(city_id)s, zoom, row_number() over (order by zoom, geom), segment_id, level, medium, dn, network_class, laying, material,
       since_year, company_id, area_id, geom
  from zoomed
 order by zoom, geom
