select schema_id, (extract(epoch from hour_at) * 1000)::bigint as hour_ms, totals,
       (extract(epoch from written_at) * 1000)::bigint as written_ms
from arrival_hour
where city_id = $1 and hour_at >= $2::timestamptz and hour_at < $3::timestamptz and totals is not null
