-- of DuckDB: as replay_frames_at.sql, out of files of the archive; {columns} are those of the schema
select source_id, epoch_ms(observed_at) as observed_ms, delay_s, {columns}
from read_parquet($paths)
where (source_id, observed_at) in (select (unnest($sources::integer[]), unnest($times::timestamptz[])))
  and observed_at >= $start and observed_at < $end
order by source_id, observed_at
