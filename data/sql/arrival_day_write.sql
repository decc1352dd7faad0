insert into arrival_day (city_id, schema_id, day_at, totals)
values ($1, $2, $3::timestamptz, $4)
on conflict (city_id, schema_id, day_at) do update set totals = excluded.totals
