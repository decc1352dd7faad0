-- what has been restored for a day is closed
with closed as (
    update incident set state = 'closed', closed_at = now()
     where city_id = $1 and state = 'restored' and restored_at < now() - interval '24 hours'
    returning incident_id
)
insert into incident_log (city_id, incident_id, word, state, seat)
select $1, incident_id, 'closed', 'closed', $2 from closed
