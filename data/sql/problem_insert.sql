insert into problem (
    city_id, problem_id, rule, key, asset_ids, asset_count, asset_id, kind, row_id, code, name, area_id, company_id, geom, detail,
    repair, present
)
select %(city_id)s, last.problem_id + row_number() over (order by f.rule, f.key), f.rule, f.key, f.asset_ids, f.asset_count,
       f.asset_id, f.kind, f.row_id, f.code, f.name, f.area_id, f.company_id, f.geom, f.detail, f.repair, true
  from check_placed f
 cross join (select coalesce(max(problem_id), 0) as problem_id from problem where city_id = %(city_id)s) last
 where not exists (select 1 from problem p where p.city_id = %(city_id)s and p.rule = f.rule and p.key = f.key)
