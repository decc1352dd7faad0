-- what is paid without any plan is paid above it
insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'paid_above_plan', r.kind || ' ' || r.row_id || ':' || m.source, array_remove(array[r.asset_id], null), r.kind, r.row_id,
       jsonb_build_object('attribute', m.paid, 'value', r.attributes -> m.paid, 'planned', coalesce(r.attributes -> m.planned, '0'))
  from register_row r
 cross join lateral (
       select s.source, 'paid_' || s.source || '_cny' as paid,
              case r.kind when 'retrofit_project' then 'planned_' else 'allocated_' end || s.source || '_cny' as planned
         from (values ('central'), ('local'), ('company')) s (source)
       ) m
 where r.city_id = %(city_id)s
   and r.kind in ('retrofit_project', 'rollout_report')
   and jsonb_typeof(r.attributes -> m.paid) = 'number'
   and (r.attributes ->> m.paid)::numeric > coalesce((r.attributes ->> m.planned)::numeric, 0) + 0.005
