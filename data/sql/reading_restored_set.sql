insert into reading_restored (city_id, schema_id, day, until_at, seat)
values (%(city_id)s, %(schema_id)s, %(day)s, %(until_at)s, %(seat)s)
on conflict (city_id, schema_id, day) do update
set until_at = excluded.until_at, seat = excluded.seat, restored_at = now()
