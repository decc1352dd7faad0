-- the assets that a finding of the network names, by code; the first five of many
update check_found f
   set detail = f.detail || jsonb_build_object('codes', c.codes || case when cardinality(f.asset_ids) > 5
                                                                      then ', … (' || cardinality(f.asset_ids) || ')' else '' end)
  from (
        select n.rule, n.key, string_agg(a.code, ', ' order by i.place) as codes
          from check_found n
         cross join lateral unnest(n.asset_ids[1:5]) with ordinality i (asset_id, place)
          join asset a on a.city_id = %(city_id)s and a.asset_id = i.asset_id and a.valid_to_at is null
         where n.detail ? 'text'
         group by n.rule, n.key
       ) c
 where f.rule = c.rule
   and f.key = c.key
