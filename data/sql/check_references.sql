insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select case when n.code is null then 'reference_unknown' else 'reference_not_normal' end,
       u.asset_id || ':' || u.attribute, array[u.asset_id], u.asset_id,
       jsonb_strip_nulls(jsonb_build_object('attribute', u.attribute, 'value', u.value, 'wanted', n.code)),
       case
           when n.code is not null then jsonb_build_object(
               'action', 'set_value',
               'values', jsonb_build_object('attribute', u.attribute, 'value', n.code),
               'edits', jsonb_build_array(
                   jsonb_build_object('asset_id', u.asset_id, 'attributes', jsonb_build_object(u.attribute, n.code))
               )
           )
       end
  from (
        select a.asset_id, r.attribute, r.kinds, a.attributes ->> r.attribute as value
          from (
                select kind, attribute, array_agg(named) as kinds
                  from unnest(%(reference_kinds)s::text[], %(reference_attributes)s::text[], %(reference_named)s::text[])
                       c (kind, attribute, named)
                 group by kind, attribute
               ) r
          join asset a on a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = r.kind
         where a.attributes ->> r.attribute is not null
           and not exists (
               select 1
                 from asset t
                where t.city_id = %(city_id)s
                  and t.valid_to_at is null
                  and t.kind = any(r.kinds)
                  and t.code = a.attributes ->> r.attribute
           )
       ) u
 cross join lateral (
       select min(t.code) as code
         from asset t
        where t.city_id = %(city_id)s
          and t.valid_to_at is null
          and t.kind = any(u.kinds)
          and t.code = any(array[
              btrim(normalize(u.value, nfkc)), upper(btrim(normalize(u.value, nfkc))), lower(btrim(normalize(u.value, nfkc)))
          ])
       ) n
