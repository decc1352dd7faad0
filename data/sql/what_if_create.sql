insert into job (city_id, kind, state, seat, parameters)
values ($1, 'what_if', 'queued', $2, $3::jsonb)
returning job_id
