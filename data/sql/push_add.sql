insert into push_endpoint (seat_id, endpoint, p256dh, auth)
values ($1, $2, $3, $4)
    on conflict (endpoint) do update set seat_id = excluded.seat_id, p256dh = excluded.p256dh, auth = excluded.auth
returning endpoint_id
