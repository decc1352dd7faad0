insert into reading_archive (
    city_id, schema_id, day, part, path, frames, values_count, bytes, content_sm3, first_source_id, last_source_id,
    first_at, last_at, generation, verified_at)
values (
    %(city_id)s, %(schema_id)s, %(day)s, %(part)s, %(path)s, %(frames)s, %(values_count)s, %(bytes)s, %(content_sm3)s,
    %(first_source_id)s, %(last_source_id)s, %(first_at)s, %(last_at)s, %(generation)s, %(verified_at)s)
