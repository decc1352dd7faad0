select a.asset_id, a.kind
  from asset a
 where {scope:a}
   and a.asset_id = any($5::int[])
   and a.valid_to_at is null
