-- a district has moved: the assets on ground that it lost or gained, and only they, may lie in another one now
with ground as materialized (
    select st_subdivide(
               case when not r.current or old.geom is null then st_force2d(r.geom)
                    when r.retire or r.geom is null then st_force2d(old.geom)
                    else st_symdifference(st_makevalid(st_force2d(old.geom)), st_makevalid(st_force2d(r.geom))) end, 128
           ) as geom
      from archive_row r
      left join asset old on old.city_id = $1::smallint and old.asset_id = r.asset_id and old.version = r.last_version
     where r.kind = 'district'
), moved as materialized (
    select distinct b.asset_id, st_pointonsurface(st_force2d(b.geom)) as point
      from ground g
      join asset b on b.geom && g.geom and st_intersects(g.geom, st_pointonsurface(st_force2d(b.geom)))
     where b.city_id = $1::smallint
       and b.valid_to_at is null
       and b.kind <> 'district'
)
update asset a
   set area_id = n.area_id
  from (
        select m.asset_id, area.area_id
          from moved m
          left join lateral (
                select i.area_id
                  from archive_area i
                 where st_intersects(i.geom, m.point)
                 order by i.area_id
                 limit 1
               ) area on true
       ) n
 where a.city_id = $1::smallint
   and a.asset_id = n.asset_id
   and a.valid_to_at is null
   and a.area_id is distinct from n.area_id
returning a.asset_id
