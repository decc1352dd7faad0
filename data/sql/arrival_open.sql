select city_id, schema_id, (extract(epoch from hour_at) * 1000)::bigint, counts
from arrival_hour
where open
order by hour_at desc
