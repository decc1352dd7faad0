select asset_id, coalesce(nullif(name, ''), code)
  from asset
 where city_id = %(city_id)s and kind = %(kind)s and code = %(code)s and valid_to_at is null
