update asset a
   set valid_to_at = %(at)s,
       ended_by = %(change_id)s
  from import_row r
 where r.status = 'changed'
   and a.city_id = %(city_id)s
   and a.asset_id = r.asset_id
   and a.valid_to_at is null
