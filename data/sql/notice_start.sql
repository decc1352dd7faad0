-- a city that notices watch: what was raised before now is not told, and everybody has the pop-ups that ship
with started as (
    insert into notice_cursor (city_id, transition_id)
    select c.city_id, coalesce((select max(t.transition_id) from alarm_transition t where t.city_id = c.city_id), 0)
      from city c
     where not exists (select from notice_cursor n where n.city_id = c.city_id)
        on conflict do nothing
    returning city_id
)
insert into notice_subscription (city_id, seat_id, definition)
select city_id, null, $1::jsonb
  from started
