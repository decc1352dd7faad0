-- a person's cause stands: what the search guessed before does not count as area without heat
update incident set fixed = true, heated_area_m2 = $3 where city_id = $1 and incident_id = $2
