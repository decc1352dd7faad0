-- schemas of which some sources ($4) have hot frames, or may have archived ones, from $2 up to (not with) $3
select distinct r.schema_id::int as schema_id
from reading_frame r
where r.city_id = $1 and r.source_id = any($4::int[]) and r.observed_at >= $2::timestamptz and r.observed_at < $3::timestamptz
union
select a.schema_id::int
from reading_archive a
where a.city_id = $1 and a.first_at < $3::timestamptz and a.last_at >= $2::timestamptz
  and exists (select 1 from unnest($4::int[]) s where s between a.first_source_id and a.last_source_id)
order by schema_id
