insert into reading_frame (city_id, schema_id, source_id, observed_at, delay_s, payload)
select city_id, schema_id, source_id, observed_at, delay_s, payload from reading_back
on conflict (city_id, source_id, observed_at) do nothing
