-- alarms raised since a time, those that a drill made among them, and since when the city is in a flood
select (select count(*) from alarm where city_id = $1 and raised_at > $2 and raised_at <= now() + interval '1 minute') as raised,
       (select flood_since_at from incident_watch where city_id = $1) as since
