insert into job (city_id, kind, state, seat, parameters)
values (%(city_id)s, %(kind)s, 'queued', %(seat)s, %(parameters)s::jsonb)
returning job_id
