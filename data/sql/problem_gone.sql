update problem p
   set present = false, gone_at = now()
 where p.city_id = %(city_id)s
   and p.rule = any(%(rules)s)
   and p.present
   and not exists (select 1 from check_placed f where f.rule = p.rule and f.key = p.key)
