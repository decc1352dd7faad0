-- takes sources out of use; their frames stay. Returns those that the scope holds
update source s
set retired_at = coalesce(s.retired_at, now()), seat = $6
from asset a
where a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null and {scope:a}
  and s.city_id = $1 and s.code = any($5::text[])
returning s.code
