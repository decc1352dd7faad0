insert into staged_tile_base (city_id, asset_id, kind, class, minzoom, name, company_id, area_id, geom, low_geom, label)
select a.city_id, a.asset_id, a.kind, coalesce(r.class, ''), coalesce(r.minzoom, k.minzoom), a.name, a.company_id, a.area_id,
       g.geom, st_simplify(g.geom, %(tolerance_m)s::float8, true),
       case when k.dimension = 2 and a.name <> '' then st_pointonsurface(g.geom) end
  from asset a
  join (select unnest(%(kinds)s::text[]) as kind, unnest(%(minzooms)s::int[]) as minzoom,
               unnest(%(dimensions)s::int[]) as dimension) k using (kind)
  left join (select unnest(%(road_words)s::text[]) as word, unnest(%(road_classes)s::text[]) as class,
                    unnest(%(road_minzooms)s::int[]) as minzoom) r
    on a.kind = 'road' and r.word = lower(regexp_replace(coalesce(a.attributes ->> 'road_class', ''), '_link$', ''))
 cross join lateral (select st_transform(st_force2d(a.geom), 3857) as geom) g
 where a.city_id = %(city_id)s::smallint and a.valid_to_at is null and st_dimension(a.geom) = k.dimension
   and (%(asset_ids)s::int[] is null or a.asset_id = any(%(asset_ids)s::int[]))
