select endpoint_id, endpoint, p256dh, auth, added_at from push_endpoint where seat_id = $1 order by endpoint_id
