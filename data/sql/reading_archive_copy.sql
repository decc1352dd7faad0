-- frames of one schema and UTC day, of some sources, as the archive sorts them
copy (
    select source_id, observed_at, delay_s, payload
      from reading_frame
     where city_id = %(city_id)s and schema_id = %(schema_id)s
       and source_id between %(first)s and %(last)s
       and observed_at >= %(start)s and observed_at < %(end)s
     order by source_id, observed_at
) to stdout (format binary)
