-- blocks of a level and of several schemas and parts ($3, $7) with buckets from $5 up to (not with) $6; none begins before $4
select b.schema_id, b.payload
from rollup_block b
where b.city_id = $1 and b.every_s = $2 and (b.schema_id, b.part) in (select * from unnest($3::smallint[], $7::int[]))
  and b.first_at > $4::timestamptz and b.first_at < $6::timestamptz and b.last_at >= $5::timestamptz
order by (b.part >= 0) desc, b.block_id
