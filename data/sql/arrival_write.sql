-- an hour of a day that was summed already: the day is summed anew when it is asked for
with dropped as (
    delete from arrival_day
    where city_id = $1 and schema_id = $2 and day_at <= $3::timestamptz and day_at > $3::timestamptz - interval '25 hours'
)
insert into arrival_hour (city_id, schema_id, hour_at, counts, totals, open, written_at)
values ($1, $2, $3::timestamptz, $4, $5, true, clock_timestamp())
on conflict (city_id, schema_id, hour_at) do update
set counts = excluded.counts, totals = excluded.totals, written_at = excluded.written_at
