insert into quality_check_event (city_id, check_id, action, seat, note, value) values ($1, $2, $3, $4, $5, $6)
