-- what a company is licensed to heat counts as one more kind of cover, as does a no-burn zone of each state; an area of something unknown is drawn all the same
with area as (
    select a.*, case a.kind when 'licence_area' then 'licence'
                       when 'no_burn_zone' then 'no_burn_' || coalesce(a.attributes ->> 'state', 'in_force')
                       else coalesce(a.attributes ->> 'of_kind', '') end as of_kind,
           case a.kind when 'licence_area' then 'company' else a.attributes ->> 'of_kind' end as object_kind,
           case a.kind when 'licence_area' then a.attributes ->> 'company_code' else a.attributes ->> 'of_code' end as object_code
      from asset a
     where a.city_id = %(city_id)s::smallint and a.valid_to_at is null and a.kind in ('coverage_area', 'licence_area', 'no_burn_zone')
       and st_dimension(a.geom) = 2
       and (%(asset_ids)s::int[] is null or a.asset_id = any(%(asset_ids)s::int[]))
)
insert into staged_tile_coverage (city_id, asset_id, kind, of_kind, of_id, minzoom, name, company_id, area_id, geom, low_geom, label)
select a.city_id, a.asset_id, a.kind, a.of_kind, o.asset_id, coalesce(z.minzoom, %(other_minzoom)s::int),
       a.name, a.company_id, a.area_id, g.geom, st_simplify(g.geom, %(tolerance_m)s::float8, true),
       case when a.name <> '' then st_pointonsurface(g.geom) end
  from area a
  left join asset o
    on o.city_id = a.city_id and o.kind = a.object_kind and o.code = a.object_code and o.valid_to_at is null
  left join (select unnest(%(kinds)s::text[]) as of_kind, unnest(%(minzooms)s::int[]) as minzoom) z using (of_kind)
 cross join lateral (select st_transform(st_force2d(a.geom), 3857) as geom) g
