insert into job (city_id, kind, state, seat, parameters, progress, started_at, finished_at)
values ($1, $2::text, 'done', $3, $4::jsonb, 1, clock_timestamp(), clock_timestamp())
