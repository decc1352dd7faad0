create temp table if not exists reading_staging (
    n integer not null,
    city_id smallint not null,
    schema_id smallint not null,
    source_id integer not null,
    observed_at timestamptz not null,
    delay_s integer not null,
    payload bytea not null
) on commit delete rows
