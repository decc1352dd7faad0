-- of ClickHouse: frames; of several rows with the same key the one that arrived first stays
create table if not exists reading_frame (
    city_id UInt16,
    source_id UInt32,
    observed_at DateTime64(3, 'UTC') codec(DoubleDelta, ZSTD(1)),
    schema_id UInt16,
    delay_s Int32 codec(T64, ZSTD(1)),
    gauges Array(Float32) codec(ZSTD(1)),
    totals Array(Float64) codec(ZSTD(1)),
    quality Array(UInt8) codec(ZSTD(1)),
    precedence UInt64 codec(DoubleDelta, ZSTD(1))
)
engine = ReplacingMergeTree(precedence)
partition by toYYYYMM(observed_at)
order by (city_id, source_id, observed_at)
