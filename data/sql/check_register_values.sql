insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'user_area_implausible', r.kind || ' ' || r.row_id, array_remove(array[r.asset_id], null), r.kind, r.row_id,
       jsonb_build_object('value', r.area)
  from (
        select w.kind, w.row_id, w.asset_id,
               w.attributes -> (case w.kind when 'heat_user' then 'heated_area_m2' else 'floor_area_m2' end) as area
          from register_row w
         where w.city_id = %(city_id)s and w.kind in ('heat_user', 'household')
       ) r
 where jsonb_typeof(r.area) = 'number'
   and (r.area #>> '{}')::numeric not between 3 and 100000
