-- one block as it was made whose period is over ($3)
select b.schema_id, b.part, b.first_at
from rollup_block b
where b.city_id = $1 and b.every_s = $2 and b.part < 0 and b.first_at < $3
order by b.schema_id, b.part, b.first_at
limit 1
