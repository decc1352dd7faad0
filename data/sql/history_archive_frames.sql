-- of DuckDB: frames out of files of the archive, by source and time; {columns} are those of the schema
select source_id, epoch_ms(observed_at) as observed_ms, delay_s, {columns}
from read_parquet($paths)
where ($all or list_contains($sources::integer[], source_id)) and observed_at >= $start and observed_at < $end
order by source_id, observed_at
limit $limit
