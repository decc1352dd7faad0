-- blocks of a level with buckets from $5 up to (not with) $6; none begins before $4. Closed ones are older than those as made
select b.payload
from rollup_block b
where b.city_id = $1 and b.every_s = $2 and b.schema_id = $3
  and b.first_at > $4::timestamptz and b.first_at < $6::timestamptz and b.last_at >= $5::timestamptz
order by (b.part >= 0) desc, b.block_id
