-- {table}: staged_tile_pipe, or tile_pipe for `segment_ids` only (null = all);
-- one row per zoom, topology segment, company and area; a pipe outside the heat network is its own segment; of class, laying and
-- material the most frequent one, of the years the oldest, of criticality the highest, of temperatures the mean
with merged as (
    select coalesce(segment_id, asset_id) as segment_id, company_id, area_id,
           min(level) as level, min(medium) as medium, max(dn) as dn,
           mode() within group (order by network_class) as network_class,
           mode() within group (order by laying) as laying,
           mode() within group (order by material) as material,
           min(since_year) as since_year,
           mode() within group (order by source_id) as source_id,
           max(criticality) as criticality,
           round(avg(temperature_degc))::smallint as temperature_degc,
           min(asset_id) as row_id,
           st_linemerge(st_collect(geom order by asset_id)) as geom
      from {table}
     where city_id = %(city_id)s::smallint and trench
       and (%(segment_ids)s::int[] is null
            or segment_id = any(%(segment_ids)s::int[])
            or (segment_id is null and asset_id = any(%(segment_ids)s::int[])))
     group by 1, 2, 3
), zoomed as (
    select z.zoom, m.row_id, m.segment_id, m.level, m.medium, m.dn, m.network_class, m.laying, m.material, m.since_year,
           m.source_id, m.criticality, m.temperature_degc, m.company_id, m.area_id,
           st_simplify(m.geom, z.tolerance_m, true) as geom
      from merged m
      join (select unnest(%(zooms)s::int[]) as zoom, unnest(%(tolerances_m)s::float8[]) as tolerance_m,
                   unnest(%(max_levels)s::int[]) as max_level) z
        on m.level <= z.max_level
)
insert into staged_tile_pipe_zoom (
    city_id, zoom, row_id, segment_id, level, medium, dn, network_class, laying, material, since_year, source_id, criticality,
    temperature_degc, company_id, area_id, geom
)
select %(city_id)s::smallint, zoom, row_id, segment_id, level, medium, dn, network_class, laying, material, since_year, source_id,
       criticality, temperature_degc, company_id, area_id, geom
  from zoomed
