insert into import_run (city_id, import_id, manifest_sha256, seat, finished_at, report)
overriding system value
values (%(city_id)s, %(import_id)s, %(manifest_sha256)s, %(seat)s, clock_timestamp(), %(report)s)
