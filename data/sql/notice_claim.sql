-- messages to send now; one that a killed server had in hand comes back when its time is over
update notice n
   set state = 'sending', attempts = n.attempts + 1, next_try_at = $1::timestamptz + make_interval(secs => $2)
  from (select city_id, notice_id
          from notice
         where state in ('queued', 'sending') and next_try_at <= $1::timestamptz
         order by next_try_at, notice_id
         limit $3
           for update skip locked) due
 where n.city_id = due.city_id and n.notice_id = due.notice_id
returning n.city_id, n.notice_id, n.subscription_id, n.step, n.seat_id, n.channel, n.target, n.dedup_key, n.level, n.alarms,
          n.title, n.body, n.attempts, n.made_at, n.kind, n.quality_alarms
