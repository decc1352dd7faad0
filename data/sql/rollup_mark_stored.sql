-- marks the days of which a partition or a file of the archive holds frames
insert into rollup_mark (city_id, schema_id, source_id, start_at)
select $1, f.schema_id, 0, to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp at time zone 'UTC'
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
join frame_schema f on f.city_id = $1
where i.inhparent = 'reading_frame'::regclass and c.relname ~ '^reading_frame_[0-9]{8}$'
union
select $1, a.schema_id, 0, a.day::timestamp at time zone 'UTC'
from reading_archive a
where a.city_id = $1
