select s.seat_id, p.login, p.name, s.role, o.type, o.name, o.city_id, o.asset_id, s.demo, p.active,
       coalesce(string_agg(k.app_id, ' ' order by k.app_id) filter (where k.active), '')
  from seat s
  join person p using (person_id)
  join organisation o using (organisation_id)
  left join api_key k using (seat_id)
 group by s.seat_id, p.person_id, o.organisation_id
 order by s.seat_id
