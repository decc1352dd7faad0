-- corrections of the values of some sources between two times; of several of one value the newest
select distinct on (source_id, point, observed_at) check_id, source_id, point, observed_at, value, corrected, verdict_by, verdict_at, note
from quality_check
where city_id = $1 and asset_id = $2 and corrected is not null and observed_at >= $3 and observed_at < $4
order by source_id, point, observed_at, verdict_at desc
limit 20000
