-- one server writes the counts of a minute: the first that takes it
insert into quality_count (city_id, slot_at) values ($1, $2::timestamptz)
on conflict (city_id) do update set slot_at = excluded.slot_at where quality_count.slot_at < excluded.slot_at
returning slot_at
