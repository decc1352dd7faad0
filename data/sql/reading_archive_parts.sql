select city_id, schema_id, day, part, path, frames, values_count, bytes, content_sm3, first_source_id, last_source_id,
       first_at, last_at, generation, verified_at
  from reading_archive
 where (%(city_id)s::int is null or city_id = %(city_id)s)
   and (%(schema_id)s::int is null or schema_id = %(schema_id)s)
   and (%(first_day)s::date is null or day >= %(first_day)s)
   and (%(last_day)s::date is null or day <= %(last_day)s)
 order by city_id, schema_id, day, first_source_id
