select (extract(epoch from f.observed_at) * 1000)::bigint as observed_ms, f.schema_id, f.gauges, f.totals, f.quality
from reading_frame f
where f.city_id = $1 and f.source_id = $2 and f.observed_at >= $3::timestamptz and f.observed_at < $4::timestamptz
order by f.observed_at
limit $5
