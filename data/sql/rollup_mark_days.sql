-- source 0 stands for all sources and the whole UTC day
insert into rollup_mark (city_id, schema_id, source_id, start_at)
select $1, d.schema_id, 0, d.day from unnest($2::smallint[], $3::timestamptz[]) as d (schema_id, day)
