select schema_id, (extract(epoch from day_at) * 1000)::bigint as day_ms, totals
from arrival_day
where city_id = $1 and day_at >= $2::timestamptz and day_at < $3::timestamptz
