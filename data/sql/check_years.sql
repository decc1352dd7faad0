insert into check_found (rule, key, asset_ids, asset_id, register, row_id, detail)
select 'year_impossible', a.asset_id || ':' || r.attribute, array[a.asset_id], a.asset_id, null, null,
       jsonb_build_object('attribute', r.attribute, 'value', a.attributes -> r.attribute)
  from unnest(%(year_kinds)s::text[], %(year_attributes)s::text[]) r (kind, attribute)
  join asset a on a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = r.kind
 where jsonb_typeof(a.attributes -> r.attribute) = 'number'
   and (a.attributes ->> r.attribute)::numeric not between %(first_year)s and %(this_year)s
union all
select 'year_impossible', w.kind || ' ' || w.row_id || ':' || r.attribute, array_remove(array[w.asset_id], null), null, w.kind,
       w.row_id, jsonb_build_object('attribute', r.attribute, 'value', w.attributes -> r.attribute)
  from unnest(%(year_kinds)s::text[], %(year_attributes)s::text[]) r (kind, attribute)
  join register_row w on w.city_id = %(city_id)s and w.kind = r.kind
 where jsonb_typeof(w.attributes -> r.attribute) = 'number'
   and (w.attributes ->> r.attribute)::numeric not between %(first_year)s and %(this_year)s
