-- what a code becomes when it is spelt in half width, without blanks and in lower case
insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select 'code_unknown', a.asset_id || ':' || r.attribute, array[a.asset_id], a.asset_id,
       jsonb_build_object('attribute', r.attribute, 'value', v.value),
       case
           when n.code is not null then jsonb_build_object(
               'action', 'set_value',
               'values', jsonb_build_object('attribute', r.attribute, 'value', n.code),
               'edits', jsonb_build_array(
                   jsonb_build_object('asset_id', a.asset_id, 'attributes', jsonb_build_object(r.attribute, n.code))
               )
           )
       end
  from (
        select kind, attribute, array_agg(code) as codes
          from unnest(%(code_kinds)s::text[], %(code_attributes)s::text[], %(codes)s::text[]) c (kind, attribute, code)
         group by kind, attribute
       ) r
  join asset a on a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = r.kind
 cross join lateral (select a.attributes ->> r.attribute as value) v
 cross join lateral (
       select min(c) as code
         from unnest(r.codes) c
        where lower(c) = lower(btrim(normalize(v.value, nfkc)))
       ) n
 where v.value <> all(r.codes)
