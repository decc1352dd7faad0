insert into model3d (city_id, name, title, kind, folder, file, sha256, bounds, facts, wish, attribution, licence, seat)
values (%(city_id)s, %(name)s, %(title)s, %(kind)s, %(folder)s, %(file)s, %(sha256)s, %(bounds)s, %(facts)s, %(wish)s,
        %(attribution)s, %(licence)s, %(seat)s)
    on conflict (city_id, name) do update
   set title = excluded.title, kind = excluded.kind, folder = excluded.folder, file = excluded.file, sha256 = excluded.sha256,
       bounds = excluded.bounds, facts = excluded.facts, wish = excluded.wish, attribution = excluded.attribution,
       licence = excluded.licence, seat = excluded.seat, added_at = clock_timestamp()
