select a.asset_id, a.kind
from asset a
where {scope:a} and a.valid_to_at is null
  and (a.asset_id = $5::int or (a.kind = $6::text and a.code = $7::text))
