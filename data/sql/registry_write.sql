-- new sources get the next numbers in the order of the request; known codes are changed, and no longer retired
insert into source (city_id, source_id, code, asset_id, schema_id, period_s, seat)
select $1,
       (select coalesce(max(source_id), 0) from source where city_id = $1) + w.place,
       w.code, w.asset_id, w.schema_id, w.period_s, $6
from unnest($2::text[], $3::int[], $4::int[], $5::int[]) with ordinality as w (code, asset_id, schema_id, period_s, place)
on conflict (city_id, code) do update
set asset_id = excluded.asset_id, schema_id = excluded.schema_id, period_s = excluded.period_s, seat = excluded.seat,
    retired_at = null
