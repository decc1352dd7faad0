-- a seat whose person is active; a demo seat only where demo seats are in use
select
       s.seat_id, s.role, s.demo, p.person_id, p.login, p.name as person, p.must_change_password,
       o.name as organisation, o.type as organisation_type, o.city_id, o.asset_id
  from seat s
  join person p using (person_id)
  join organisation o using (organisation_id)
 where s.seat_id = $1 and p.active and ($2::boolean or not s.demo)
