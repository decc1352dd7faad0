select a.asset_id, a.kind, a.code, a.name
  from asset a
 where {scope:a} and a.valid_to_at is null and (a.code = any($5::text[]) or a.name = any($5::text[]))
 order by a.asset_id
