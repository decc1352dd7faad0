-- the seat of a session that has not ended; a demo seat only where demo seats are in use
select
       s.seat_id, s.role, s.demo, p.person_id, p.login, p.name as person, p.must_change_password,
       o.name as organisation, o.type as organisation_type, o.city_id, o.asset_id
  from session n
  join seat s using (seat_id)
  join person p using (person_id)
  join organisation o using (organisation_id)
 where n.token_sha256 = $1 and n.expires_at > now() and p.active and ($2::boolean or not s.demo)
