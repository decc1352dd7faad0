-- what a building does not stand on
create temporary table check_line on commit drop as
select a.kind, st_force2d(a.geom) as geom
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind in ('road', 'pipe')
   and a.geom is not null
