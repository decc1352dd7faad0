insert into source (city_id, source_id, code, asset_id, schema_id, period_s, seat)
values ($1, (select coalesce(max(source_id), 0) + 1 from source where city_id = $1), $2, $3, $4, $5, $6)
on conflict (city_id, code) do update
set asset_id = excluded.asset_id, schema_id = excluded.schema_id, period_s = excluded.period_s, seat = excluded.seat,
    retired_at = null
returning source_id
