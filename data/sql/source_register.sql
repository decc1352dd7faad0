insert into source (city_id, source_id, code, asset_id, schema_id, period_s)
values ($1, (select coalesce(max(source_id), 0) + 1 from source where city_id = $1), $2, $3, $4, $5)
on conflict (city_id, code) do update
set asset_id = excluded.asset_id, schema_id = excluded.schema_id, period_s = excluded.period_s
returning source_id
