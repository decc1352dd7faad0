-- says that frames are being stored of these cities, schemas and hours; in order, so that two senders never wait for each other
insert into arrival_hour (city_id, schema_id, hour_at, open, marked_at)
select city_id, schema_id, hour_at, true, clock_timestamp()
from unnest($1::smallint[], $2::smallint[], $3::timestamptz[]) as touched (city_id, schema_id, hour_at)
order by city_id, schema_id, hour_at
on conflict (city_id, schema_id, hour_at) do update set open = true, marked_at = excluded.marked_at
