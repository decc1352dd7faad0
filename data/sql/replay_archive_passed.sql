-- of DuckDB: as replay_passed_frames.sql, out of files of the archive; {columns} are those of the schema
with stretch as (
    select source_id, observed_at, delay_s, {columns}
    from read_parquet($paths)
    where source_id in (select unnest($sources::integer[])) and observed_at >= $start and observed_at < $end and delay_s <= $late
),
known as (
    select source_id, max(observed_at) as last_at
    from stretch
    where observed_at + to_seconds(delay_s) <= $came
    group by source_id
)
select s.source_id, epoch_ms(s.observed_at) as observed_ms, s.* exclude (source_id, observed_at)
from stretch s
left join known k on k.source_id = s.source_id
where k.last_at is null or s.observed_at >= k.last_at
order by s.source_id, s.observed_at
