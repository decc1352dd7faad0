-- rows whose parent, owner or district came later or has moved
update register_row r
   set asset_id = l.asset_id,
       company_id = l.company_id,
       area_id = l.area_id
  from register_link l
 where r.city_id = %(city_id)s
   and r.kind = l.kind
   and r.row_id = l.row_id
   and (r.asset_id, r.company_id, r.area_id) is distinct from (l.asset_id, l.company_id, l.area_id)
