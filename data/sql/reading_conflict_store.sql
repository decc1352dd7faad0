-- keeps aside staged frames that differ from the stored ones ($1, $2: their time range); returns their numbers
with differing as (
    select s.*
    from reading_staging s
    join reading_frame f using (city_id, source_id, observed_at)
    where f.observed_at between $1::timestamptz and $2::timestamptz
      and (s.schema_id, s.gauges, s.totals, s.quality) is distinct from (f.schema_id, f.gauges, f.totals, f.quality)
), kept as (
    insert into reading_conflict (city_id, source_id, observed_at, schema_id, gauges, totals, quality)
    select distinct d.city_id, d.source_id, d.observed_at, d.schema_id, d.gauges, d.totals, d.quality
    from differing d
    where not exists (
        select 1
        from reading_conflict c
        where c.city_id = d.city_id and c.source_id = d.source_id and c.observed_at = d.observed_at
          and (c.schema_id, c.gauges, c.totals, c.quality) is not distinct from (d.schema_id, d.gauges, d.totals, d.quality)
    )
)
select n from differing
