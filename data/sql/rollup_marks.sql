select mark_id, schema_id, source_id, start_at from rollup_mark where city_id = $1 order by mark_id limit $2
