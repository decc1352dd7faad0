select
       s.seat_id, s.role, s.demo, p.person_id, p.login, p.name as person, p.must_change_password,
       o.name as organisation, o.type as organisation_type, o.city_id, o.asset_id
  from seat s
  join person p using (person_id)
  join organisation o using (organisation_id)
 where s.demo and p.active and ($1::int is null or s.seat_id = $1::int)
 order by s.seat_id
