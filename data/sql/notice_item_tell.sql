update notice_item
   set notice_id = $5
 where city_id = $1 and subscription_id = $2 and step = $3 and alarm_id = any($4::bigint[])
