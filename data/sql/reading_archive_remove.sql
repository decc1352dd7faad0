delete from reading_archive
 where city_id = %(city_id)s and schema_id = %(schema_id)s and day = %(day)s and part = %(part)s and path = %(path)s
returning part
