-- districts cut into small pieces, so that a lookup costs microseconds; assets of this import are written already
create temporary table register_area on commit drop as
select a.asset_id as area_id, st_subdivide(st_force2d(a.geom), 128) as geom
  from asset a
 where a.city_id = %(city_id)s
   and a.kind = 'district'
   and a.valid_to_at is null
   and a.geom is not null
