-- one row a kind, network level, district and owner: a few thousand rows that every Scope can be summed from
with part as (
    select a.kind, coalesce(a.attributes ->> 'network_level', '') as level, a.area_id, a.company_id, a.geom,
           case when a.kind = 'pipe' and a.attributes ->> 'side' = 'supply' and coalesce(a.attributes ->> 'medium', 'heat') = 'heat'
                then st_length(a.geom::geography) end as supply_length_m,
           case when a.kind = 'building' then (a.attributes ->> 'heat_user_count')::float8 end as heat_user_count,
           case when a.kind = 'building' then (a.attributes ->> 'heated_area_m2')::float8 end as heated_area_m2
      from asset a
     where a.city_id = %(city_id)s and a.valid_to_at is null
    union all
    -- rows of a register are counted under its name; a change of them raises the version of the assets too
    select r.kind, '', r.area_id, r.company_id, r.geom, null, null, null
      from register_row r
     where r.city_id = %(city_id)s
), summed as (
    select kind, level, area_id, company_id, count(*) as asset_count, count(geom) as placed_count,
           coalesce(sum(supply_length_m), 0) as supply_length_m,
           coalesce(sum(heat_user_count), 0) as heat_user_count,
           coalesce(sum(heated_area_m2), 0) as heated_area_m2,
           st_extent(geom) as extent
      from part
     group by kind, level, area_id, company_id
)
insert into asset_summary (
    city_id, row_id, kind, level, area_id, company_id, asset_count, placed_count, supply_length_m, heat_user_count, heated_area_m2,
    west, south, east, north
)
select %(city_id)s, row_number() over (order by kind, level, area_id, company_id), kind, level, area_id, company_id,
       asset_count, placed_count, supply_length_m, heat_user_count, heated_area_m2,
       st_xmin(extent), st_ymin(extent), st_xmax(extent), st_ymax(extent)
  from summed
