-- $1: numbers of the staged rows that were new
insert into latest_frame (city_id, source_id, observed_at, gauges, totals, quality)
select distinct on (city_id, source_id) city_id, source_id, observed_at, gauges, totals, quality
from reading_staging
where n = any($1::int[])
order by city_id, source_id, observed_at desc
on conflict (city_id, source_id) do update
set observed_at = excluded.observed_at, gauges = excluded.gauges, totals = excluded.totals, quality = excluded.quality
where excluded.observed_at > latest_frame.observed_at
