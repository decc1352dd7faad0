select a.asset_id
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and (a.code = %(text)s or a.asset_id = %(asset_id)s)
 order by a.code <> %(text)s, a.asset_id
 limit 10
