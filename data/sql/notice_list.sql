-- messages to a seat, or all of a city for who may see all ($3), the newest first
select n.notice_id, n.subscription_id, n.step, n.seat_id, n.channel, n.target, n.dedup_key, n.level, n.alarms, n.title, n.body,
       n.state, n.attempts, n.next_try_at, n.error, n.made_at, n.sent_at,
       coalesce(s.definition ->> 'name', '') as subscription,
       count(*) over () as total
  from notice n
  left join notice_subscription s on s.city_id = n.city_id and s.subscription_id = n.subscription_id
 where n.city_id = $1
   and ($3 or n.seat_id = $2)
   and ($4::text is null or n.state = $4::text)
   and n.channel <> 'web'
 order by n.notice_id desc
 limit $5
offset $6
