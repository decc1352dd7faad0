insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'reference_unknown', u.kind || ' ' || u.row_id || ':' || u.attribute, array_remove(array[u.asset_id], null), u.kind, u.row_id,
       jsonb_build_object('attribute', u.attribute, 'value', u.value)
  from (
        select w.kind, w.row_id, w.asset_id, r.attribute, w.attributes ->> r.attribute as value, r.kinds
          from (
                select kind, attribute, array_agg(named) as kinds
                  from unnest(%(row_kinds)s::text[], %(row_attributes)s::text[], %(row_named)s::text[]) c (kind, attribute, named)
                 group by kind, attribute
               ) r
          join register_row w on w.city_id = %(city_id)s and w.kind = r.kind
       ) u
 where u.value is not null
   and not exists (
       select 1
         from asset t
        where t.city_id = %(city_id)s and t.valid_to_at is null and t.kind = any(u.kinds) and t.code = u.value
   )
