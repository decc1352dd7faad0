insert into incident_log (city_id, incident_id, word, state, seat, note) values ($1, $2, $3, $4, $5, $6)
