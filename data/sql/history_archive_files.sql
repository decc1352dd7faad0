-- files of the archive that may hold frames from $2 up to (not with) $3 of one of the sources $4 (null = all)
select a.schema_id, a.path
from reading_archive a
where a.city_id = $1 and a.first_at < $3::timestamptz and a.last_at >= $2::timestamptz
  and ($5::int is null or a.schema_id = $5::int)
  and ($4::int[] is null or exists (select 1 from unnest($4::int[]) s where s between a.first_source_id and a.last_source_id))
order by a.schema_id, a.day, a.part
