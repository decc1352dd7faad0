select (extract(epoch from hour_at) * 1000)::bigint as hour_ms, counts
from arrival_hour
where city_id = $1 and schema_id = $2 and hour_at >= $3::timestamptz and hour_at < $4::timestamptz and counts is not null
order by hour_at
