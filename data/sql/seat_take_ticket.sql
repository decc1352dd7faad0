-- a ticket opens one WebSocket: it is gone with the first use
with taken as (delete from session_ticket where ticket_sha256 = $1 returning seat_id, expires_at)
select
       s.seat_id, s.role, s.demo, p.person_id, p.login, p.name as person, p.must_change_password,
       o.name as organisation, o.type as organisation_type, o.city_id, o.asset_id
  from taken t
  join seat s using (seat_id)
  join person p using (person_id)
  join organisation o using (organisation_id)
 where t.expires_at > now() and p.active and ($2::boolean or not s.demo)
