insert into plan_event (city_id, plan_id, version, event, seat, note, content, happened_at)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, clock_timestamp())
