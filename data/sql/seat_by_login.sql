-- all seats of a person, with the hash of the password; never those of the demo switcher
select p.password_hash,
       s.seat_id, s.role, s.demo, p.person_id, p.login, p.name as person, p.must_change_password,
       o.name as organisation, o.type as organisation_type, o.city_id, o.asset_id
  from person p
  join seat s using (person_id)
  join organisation o using (organisation_id)
 where p.login = $1 and p.active and not s.demo
 order by s.seat_id
