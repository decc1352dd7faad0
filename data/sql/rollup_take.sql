-- takes out the blocks of some parts that begin from $4 up to (not with) $5, in the order in which they were written
with taken as (
    delete from rollup_block b
    where b.city_id = $1 and b.every_s = $2 and b.schema_id = $3 and b.first_at >= $4 and b.first_at < $5 and b.part = any($6::int[])
    returning b.block_id, b.payload
)
select payload from taken order by block_id
