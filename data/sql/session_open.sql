with ended as (delete from session where expires_at < now())
insert into session (token_sha256, seat_id, expires_at) values ($1, $2, now() + make_interval(secs => $3))
