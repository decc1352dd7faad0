with ended as (delete from session_ticket where expires_at < now())
insert into session_ticket (ticket_sha256, seat_id, expires_at) values ($1, $2, now() + make_interval(secs => $3))
