insert into incident (city_id, started_at, peak) values ($1, $2, $3) returning incident_id
