-- pop-ups of a seat: its own web messages, and those for everybody unless it has a web subscription of its own; of each
-- the alarms that are open, not acknowledged, not kept from ringing, visible, and not dismissed by the seat
select n.notice_id, n.made_at, (n.target ->> 'after_min')::float8 as after_min,
       (array_agg(l.alarm_id order by l.level, l.raised_at, l.alarm_id))[1:$7::int] as alarms,
       count(*) as total, min(l.level)::int as level
  from notice n
  join alarm l on l.city_id = n.city_id and l.alarm_id = any(n.alarms)
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
 where {scope:a}
   and n.city_id = $1
   and n.channel = 'web'
   and n.notice_id > $5
   and n.made_at > now() - interval '24 hours'
   and (n.seat_id = $6::int
        or n.seat_id is null and n.subscription_id is not null and not exists (
            select from notice_subscription o
             where o.city_id = n.city_id and o.seat_id = $6::int
               and jsonb_path_exists(o.definition, '$.steps[*] ? (@.channel == "web")')))
   and l.active and not l.acknowledged
   and not (l.suppressed or l.out_of_service or coalesce(l.shelved_until > now(), false))
   and not exists (select from notice_seen s
                    where s.city_id = $1 and s.seat_id = $6::int and s.alarm_id = l.alarm_id and not s.again)
 group by n.notice_id, n.made_at, n.target
 order by n.notice_id
