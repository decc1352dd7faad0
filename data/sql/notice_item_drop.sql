update notice_item
   set dropped = d.why
  from unnest($4::bigint[], $5::text[]) as d (alarm_id, why)
 where city_id = $1 and subscription_id = $2 and step = $3 and notice_item.alarm_id = d.alarm_id
