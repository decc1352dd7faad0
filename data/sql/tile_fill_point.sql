-- a kind that may have any geometry (a retrofit project drawn as an area) is shown by a point on it
insert into staged_tile_point (city_id, asset_id, kind, minzoom, name, company_id, area_id, geom)
select a.city_id, a.asset_id, a.kind, k.minzoom, a.name, a.company_id, a.area_id,
       st_transform(st_force2d(case st_geometrytype(a.geom) when 'ST_Point' then a.geom else st_pointonsurface(a.geom) end), 3857)
       as geom
  from asset a
  join (select unnest(%(kinds)s::text[]) as kind, unnest(%(minzooms)s::int[]) as minzoom) k using (kind)
 where a.city_id = %(city_id)s::smallint and a.valid_to_at is null and a.geom is not null and not st_isempty(a.geom)
   and (%(asset_ids)s::int[] is null or a.asset_id = any(%(asset_ids)s::int[]))
