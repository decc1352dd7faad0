insert into api_key (app_id, seat_id, secret_encrypted, digest)
select %(app_id)s, s.seat_id, %(secret_encrypted)s, %(digest)s
  from seat s
  join person p using (person_id)
 where p.login = %(login)s and not s.demo
 order by s.seat_id
 limit 1
returning seat_id
