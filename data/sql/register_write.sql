insert into register_row as r (
    city_id, kind, row_id, code, name, source_key, asset_id, company_id, area_id, geom, attributes, row_sha256, changed_at, import_id,
    change_id
)
select %(city_id)s, n.kind, n.row_id, n.code, n.name, n.source_key, l.asset_id, l.company_id, l.area_id, st_force2d(n.geom),
       n.attributes, n.sha256, %(at)s, %(import_id)s,
       %(change_id)s
  from register_new n
  join register_link l on l.kind = n.kind and l.row_id = n.row_id
 where n.status <> 'unchanged'
 order by n.kind, n.row_id
on conflict (city_id, kind, row_id) do update
   set name = excluded.name,
       source_key = excluded.source_key,
       asset_id = excluded.asset_id,
       company_id = excluded.company_id,
       area_id = excluded.area_id,
       geom = excluded.geom,
       attributes = excluded.attributes,
       row_sha256 = excluded.row_sha256,
       changed_at = excluded.changed_at,
       import_id = excluded.import_id,
       change_id = excluded.change_id
