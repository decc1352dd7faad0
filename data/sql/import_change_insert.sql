insert into archive_change (city_id, change_id, made_at, seat, reason, origin, source, import_id, layers, counts)
values (
    %(city_id)s, %(change_id)s, %(at)s, %(seat)s, %(reason)s, 'import', %(source)s, %(import_id)s, %(layers)s::text[], %(counts)s
)
