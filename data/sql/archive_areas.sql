-- districts as they are after this change, cut into small pieces so that a lookup costs microseconds
create temporary table archive_area on commit drop as
select d.asset_id as area_id, st_subdivide(st_force2d(d.geom), 128) as geom
  from (
        select r.asset_id, r.geom
          from archive_row r
         where r.kind = 'district' and not r.retire
        union all
        select a.asset_id, a.geom
          from asset a
         where a.city_id = $1::smallint
           and a.kind = 'district'
           and a.valid_to_at is null
           and not exists (select 1 from archive_row r where r.asset_id = a.asset_id)
       ) d
 where d.geom is not null
