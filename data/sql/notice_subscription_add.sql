insert into notice_subscription (city_id, seat_id, definition, seat)
values ($1, $2, $3, $4)
returning subscription_id
