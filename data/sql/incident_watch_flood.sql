update incident_watch set flood_since_at = $2 where city_id = $1
