insert into check_displaced
select a.asset_id
  from asset a
  join check_member l on l.asset_id = a.asset_id and l.layer = %(layer)s
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind = 'building'
