select s.asset_id, s.shape
  from (
        select a.asset_id, st_asbinary(a.geom) as shape, row_number() over (order by a.asset_id) as place
          from asset a
          join check_member l on l.asset_id = a.asset_id and l.layer = %(layer)s
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and a.kind = 'building'
           and a.geom is not null
           and not st_isempty(a.geom)
       ) s
 where s.place %% %(step)s = 0
 order by s.asset_id
