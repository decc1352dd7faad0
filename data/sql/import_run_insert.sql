insert into import_run (city_id, import_id, manifest_sha256, seat, report)
overriding system value
values (%(city_id)s, %(import_id)s, %(manifest_sha256)s, %(seat)s, %(report)s)
