with old as (
    delete from what_if_result where solved_at < now() - interval '30 days'
)
insert into what_if_result (city_id, job_id, seat, result, solved_at)
values (%(city_id)s, %(job_id)s, %(seat)s, %(result)s::jsonb, now())
