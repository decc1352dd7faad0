-- the frames that came meanwhile
insert into reading_packed_{day:%Y%m%d} (city_id, schema_id, source_id, observed_at, delay_s, payload)
select city_id, schema_id, source_id, observed_at, delay_s, payload from reading_late_{day:%Y%m%d}
on conflict (city_id, source_id, observed_at) do nothing
