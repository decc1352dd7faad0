-- schemas of which there are hot frames, or may be archived ones, from $2 up to (not with) $3
select distinct r.schema_id::int as schema_id
from reading_frame r
where r.city_id = $1 and r.observed_at >= $2::timestamptz and r.observed_at < $3::timestamptz
union
select a.schema_id::int
from reading_archive a
where a.city_id = $1 and a.first_at < $3::timestamptz and a.last_at >= $2::timestamptz
order by schema_id
