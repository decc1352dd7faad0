update check_found f
   set repair = r.repair
  from unnest(%(rules)s::text[], %(keys)s::text[], %(repairs)s::jsonb[]) r (rule, key, repair)
 where f.rule = r.rule
   and f.key = r.key
   and f.repair is null
