-- every kind of the city's schemas, with what was set for it
select k.kind, r.hot_days, r.archive_years, r.seat, r.changed_at
from (select code as kind from frame_schema where city_id = $1 union select kind from reading_retention where city_id = $1) k
left join reading_retention r on r.city_id = $1 and r.kind = k.kind
order by k.kind
