-- only where targets are kept; an area that is unknown is told by its own rule
insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'project_without_target', 'retrofit_project ' || r.row_id, array[r.asset_id], r.kind, r.row_id,
       jsonb_build_object('area', r.attributes ->> 'area_code', 'year', left(r.attributes ->> 'started_on', 4))
  from register_row r
 where r.city_id = %(city_id)s
   and r.kind = 'retrofit_project'
   and r.asset_id is not null
   and r.attributes ->> 'started_on' is not null
   and exists (select 1 from register_row t where t.city_id = %(city_id)s and t.kind = 'rollout_target')
   and not exists (
       select 1
         from register_row t
        where t.city_id = %(city_id)s
          and t.kind = 'rollout_target'
          and t.attributes ->> 'area_code' = r.attributes ->> 'area_code'
          and t.attributes ->> 'year' = left(r.attributes ->> 'started_on', 4)
   )
