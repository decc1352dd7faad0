-- a message about quality alarms; one for screens is sent by being stored
insert into notice (city_id, subscription_id, seat_id, channel, target, dedup_key, level, alarms, state,
                    next_try_at, made_at, sent_at, kind, company_id, quality_alarms)
values ($1, $2, $3, $4::text, $5, $6, 3, '{}', case when $4::text = 'web' then 'sent' else 'queued' end,
        $7::timestamptz, $8::timestamptz, case when $4::text = 'web' then $8::timestamptz end, 'quality', $9, $10)
on conflict (city_id, dedup_key) do nothing
