delete from rollup_mark where mark_id = any($1::bigint[])
