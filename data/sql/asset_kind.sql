select a.kind
  from asset a
 where {scope:a}
   and a.asset_id = $5
   and a.valid_to_at is null
