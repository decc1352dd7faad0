select asset_id, code
  from asset_key
 where city_id = %(city_id)s
   and asset_id = any(%(asset_ids)s)
