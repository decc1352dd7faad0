-- still there: what was decided stays, what was found is as it is now
update problem p
   set asset_ids = f.asset_ids, asset_count = f.asset_count, asset_id = f.asset_id, kind = f.kind, row_id = f.row_id, code = f.code,
       name = f.name, area_id = f.area_id, company_id = f.company_id, geom = f.geom, detail = f.detail, repair = f.repair,
       present = true, gone_at = null,
       found_at = case when p.present then p.found_at else now() end
  from check_placed f
 where p.city_id = %(city_id)s
   and p.rule = f.rule
   and p.key = f.key
   and (
       p.asset_ids, p.asset_count, p.asset_id, p.kind, p.row_id, p.code, p.name, p.area_id, p.company_id, st_asewkb(p.geom), p.detail,
       p.repair, p.present
   ) is distinct from (
       f.asset_ids, f.asset_count, f.asset_id, f.kind, f.row_id, f.code, f.name, f.area_id, f.company_id, st_asewkb(f.geom), f.detail,
       f.repair, true
   )
