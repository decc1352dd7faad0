select k.secret_encrypted, k.digest,
       s.seat_id, s.role, s.demo, p.person_id, p.login, p.name as person, p.must_change_password,
       o.name as organisation, o.type as organisation_type, o.city_id, o.asset_id
  from api_key k
  join seat s using (seat_id)
  join person p using (person_id)
  join organisation o using (organisation_id)
 where k.app_id = $1 and k.active and p.active
