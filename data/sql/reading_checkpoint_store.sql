insert into latest_checkpoint (city_id, schema_id, part, data)
values ($1, $2, $3, $4)
on conflict (city_id, schema_id, part) do update
set data = excluded.data, written_at = now()
