-- what the counts of one hour need of its frames: %(quality_at)s = place of the first flag in the payload, from 1
copy (
    select f.source_id, f.delay_s, substring(f.payload from %(quality_at)s::integer)
    from reading_frame f
    where f.city_id = %(city_id)s and f.schema_id = %(schema_id)s
      and f.observed_at >= %(from)s and f.observed_at < %(to)s
) to stdout (format binary)
