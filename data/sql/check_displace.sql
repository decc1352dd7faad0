insert into check_displaced
select a.asset_id
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind = 'building'
   and a.change_id = %(change_id)s
   and a.layer_no = %(layer_no)s
