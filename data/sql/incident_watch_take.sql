-- one server folds the alarms of a city: the one that holds the row, until it has not been heard for a while
insert into incident_watch (city_id, holder, held_until)
values ($1, $2, now() + make_interval(secs => $3))
on conflict (city_id) do update set holder = excluded.holder, held_until = excluded.held_until
 where incident_watch.holder = excluded.holder or incident_watch.held_until < now()
returning flood_since_at
