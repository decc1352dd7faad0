-- height: given, else storeys * 3.0 m, else 9 m; the same rule as building_footprints.sql
insert into staged_tile_building (city_id, asset_id, height_dm, substation_id, company_id, area_id, geom)
select a.city_id, a.asset_id,
       least(32767, round(10 * coalesce(
           nullif((a.attributes ->> 'height_m')::float8, 0), nullif((a.attributes ->> 'storeys')::float8, 0) * %(storey_m)s::float8,
           %(default_m)s::float8))),
       s.asset_id, a.company_id, a.area_id,
       st_transform(st_force2d(a.geom), 3857) as geom
  from asset a
  left join asset s
    on s.city_id = a.city_id and s.kind = 'substation' and s.code = a.attributes ->> 'substation_code' and s.valid_to_at is null
 where a.city_id = %(city_id)s::smallint and a.valid_to_at is null and a.kind = 'building' and st_dimension(a.geom) = 2
   and (%(asset_ids)s::int[] is null or a.asset_id = any(%(asset_ids)s::int[]))
