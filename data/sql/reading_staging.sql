create temp table if not exists reading_staging (
    n integer not null,
    city_id smallint not null,
    source_id integer not null,
    observed_at timestamptz not null,
    schema_id integer not null,
    gauges real[] not null,
    totals double precision[] not null,
    quality bytea not null
) on commit delete rows
