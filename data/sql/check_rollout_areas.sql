-- rows counted by an area that this city does not have, or no longer has: a district moved to another city
insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'rollout_area_unknown', r.kind || ' ' || r.row_id, array[]::integer[], r.kind, r.row_id,
       jsonb_build_object('value', r.attributes ->> 'area_code')
  from register_row r
  join (
        select kind, array_agg(named) as kinds
          from unnest(%(counted_kinds)s::text[], %(counted_named)s::text[]) c (kind, named)
         group by kind
       ) c on c.kind = r.kind
 where r.city_id = %(city_id)s
   and r.attributes ->> 'area_code' is not null
   and not exists (
       select 1
         from asset a
        where a.city_id = %(city_id)s
          and a.valid_to_at is null
          and a.kind = any(c.kinds)
          and a.code = r.attributes ->> 'area_code'
   )
