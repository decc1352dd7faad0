-- the alarms of a message that a seat was shown, or some of them
insert into notice_seen (city_id, seat_id, alarm_id, again)
select n.city_id, $3, told.alarm_id, $5
  from notice n
 cross join lateral unnest(n.alarms) as told (alarm_id)
 where n.city_id = $1 and n.notice_id = $2 and n.channel = 'web' and (n.seat_id = $3 or n.seat_id is null)
   and ($4::bigint[] is null or told.alarm_id = any($4::bigint[]))
    on conflict (city_id, seat_id, alarm_id) do update set again = excluded.again, seen_at = now()
returning alarm_id
