select a.asset_id
  from asset a
 where {scope:a}
   and a.valid_to_at is null
   and a.asset_id = $5
