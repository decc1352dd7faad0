-- all sources of a schema, a whole UTC day: its roll-ups are to be made (again)
insert into rollup_mark (city_id, schema_id, source_id, start_at)
values (%(city_id)s, %(schema_id)s, 0, %(start_at)s)
