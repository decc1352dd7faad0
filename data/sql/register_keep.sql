-- rows as they are before this delivery changes them
insert into register_version (
    city_id, kind, row_id, valid_from_at, valid_to_at, code, name, source_key, asset_id, company_id, area_id, geom, attributes,
    row_sha256, import_id, change_id, ended_by
)
select r.city_id, r.kind, r.row_id, r.changed_at, %(at)s, r.code, r.name, r.source_key, r.asset_id, r.company_id, r.area_id, r.geom,
       r.attributes, r.row_sha256, r.import_id, r.change_id, %(change_id)s
  from register_row r
  join register_new n on n.kind = r.kind and n.row_id = r.row_id
 where r.city_id = %(city_id)s
   and n.status = 'changed'
