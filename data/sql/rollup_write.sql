insert into rollup_block (city_id, every_s, schema_id, part, first_at, last_at, row_count, payload)
values ($1, $2, $3, $4, $5, $6, $7, $8)
