update notice_subscription
   set definition = $3, seat = $4, changed_at = now()
 where city_id = $1 and subscription_id = $2
returning subscription_id
