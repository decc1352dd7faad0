update notice_item
   set due_at = h.due_at
  from unnest($4::bigint[], $5::timestamptz[]) as h (alarm_id, due_at)
 where city_id = $1 and subscription_id = $2 and step = $3 and notice_item.alarm_id = h.alarm_id
