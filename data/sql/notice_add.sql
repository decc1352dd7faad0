insert into notice (city_id, subscription_id, step, seat_id, channel, target, dedup_key, level, alarms, title, body,
                    state, next_try_at, made_at, sent_at)
values ($1, $2, $3, $4, $5::text, $6, $7, $8, $9, $10, $11,
        case when $5::text = 'web' then 'sent' else 'queued' end, $12::timestamptz, $12::timestamptz,
        case when $5::text = 'web' then $12::timestamptz end)
returning notice_id
