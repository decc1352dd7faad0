-- keeps aside staged frames that differ from the stored ones ($1, $2: their time range); returns their numbers
with differing as (
    select s.*
    from reading_staging s
    join reading_frame f using (city_id, source_id, observed_at)
    where f.observed_at between $1::timestamptz and $2::timestamptz
      and (s.schema_id, s.payload) is distinct from (f.schema_id, f.payload)
), kept as (
    insert into reading_conflict (city_id, source_id, observed_at, schema_id, payload)
    select distinct d.city_id, d.source_id, d.observed_at, d.schema_id, d.payload
    from differing d
    where not exists (
        select 1
        from reading_conflict c
        where c.city_id = d.city_id and c.source_id = d.source_id and c.observed_at = d.observed_at
          and (c.schema_id, c.payload) is not distinct from (d.schema_id, d.payload)
    )
)
select n from differing
