-- the district around a point inside the geometry; a district lies in itself
update archive_row r
   set area_id = case when r.kind = 'district' then r.asset_id else n.area_id end
  from (
        select b.asset_id, area.area_id
          from archive_row b
          left join lateral (
                select i.area_id
                  from archive_area i
                 where st_intersects(i.geom, st_pointonsurface(st_force2d(b.geom)))
                 order by i.area_id
                 limit 1
               ) area on true
         where b.relocate and not b.retire
       ) n
 where r.asset_id = n.asset_id
