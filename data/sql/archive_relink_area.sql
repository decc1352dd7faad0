-- a district has moved: every asset that lies elsewhere now
update asset a
   set area_id = n.area_id
  from (
        select b.asset_id, area.area_id
          from asset b
          left join lateral (
                select i.area_id
                  from archive_area i
                 where st_intersects(i.geom, st_pointonsurface(st_force2d(b.geom)))
                 order by i.area_id
                 limit 1
               ) area on true
         where b.city_id = $1::smallint
           and b.valid_to_at is null
           and b.kind <> 'district'
           and b.geom is not null
       ) n
 where a.city_id = $1::smallint
   and a.asset_id = n.asset_id
   and a.valid_to_at is null
   and a.area_id is distinct from n.area_id
