-- where a whole layer lies wrong, nothing else is said about the places of its assets
delete from check_found f
 where f.rule = any(%(place_rules)s)
   and exists (select 1 from check_displaced d where d.asset_id = any(f.asset_ids))
