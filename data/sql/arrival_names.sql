select a.asset_id, a.name, a.code
from asset a
where {scope:a} and a.valid_to_at is null and a.asset_id = any($5::int[])
