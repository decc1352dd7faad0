-- every problem that the last run found, with the codes of all its assets, or of its register row
select p.rule, p.problem_id, p.kind, p.code,
       case when p.row_id is null then array_agg(k.code order by i.place) else array[p.code] end as codes,
       coalesce(p.detail ->> 'layer', '') as layer
  from problem p
  left join lateral unnest(p.asset_ids) with ordinality i (asset_id, place) on true
  left join asset_key k on k.city_id = p.city_id and k.asset_id = i.asset_id
 where p.city_id = %(city_id)s
   and p.present
   and (%(rules)s::text[] is null or p.rule = any(%(rules)s::text[]))
 group by p.city_id, p.problem_id
 order by p.rule, p.problem_id
