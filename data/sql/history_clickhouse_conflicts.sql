-- of ClickHouse: frames that differ from the one stored under their key, each once
create table if not exists reading_conflict (
    city_id UInt16,
    source_id UInt32,
    observed_at DateTime64(3, 'UTC'),
    schema_id UInt16,
    delay_s Int32,
    gauges Array(Float32),
    totals Array(Float64),
    quality Array(UInt8),
    precedence UInt64
)
engine = ReplacingMergeTree(precedence)
partition by toYYYYMM(observed_at)
order by (city_id, source_id, observed_at, schema_id, gauges, totals, quality)
