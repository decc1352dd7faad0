-- projects by the area that states them; one that a zone states counts for the district it stands in too
create temporary table rollout_project on commit drop as
with project as (
    select case a.kind when 'zone' then a.area_id end as zone_id,
           case a.kind when 'district' then a.area_id else r.area_id end as district_id,
           r.attributes ->> 'stage' as stage,
           coalesce(r.attributes ->> 'technical_type', '') as technical_type,
           (r.attributes ->> 'scale_m2')::float8 as scale_m2,
           (r.attributes ->> 'done_m2')::float8 as done_m2,
           (r.attributes ->> 'planned_central_cny')::float8 as planned_central_cny,
           (r.attributes ->> 'planned_local_cny')::float8 as planned_local_cny,
           (r.attributes ->> 'planned_company_cny')::float8 as planned_company_cny,
           (r.attributes ->> 'paid_central_cny')::float8 as paid_central_cny,
           (r.attributes ->> 'paid_local_cny')::float8 as paid_local_cny,
           (r.attributes ->> 'paid_company_cny')::float8 as paid_company_cny,
           (r.attributes ->> 'coal_saved_t')::float8 as coal_saved_t
      from register_row r
      join rollout_area a on a.city_id = r.city_id and a.area_id = r.asset_id
     where r.city_id = %(city_id)s and r.kind = 'retrofit_project'
)
select u.area_id, p.technical_type,
       count(*)::float8 as project_count,
       count(*) filter (where p.stage = '前期')::float8 as early_count,
       count(*) filter (where p.stage = '施工')::float8 as construction_count,
       count(*) filter (where p.stage = '竣工')::float8 as completed_count,
       count(*) filter (where p.stage = '验收')::float8 as accepted_count,
       sum(p.scale_m2) as scale_m2,
       sum(p.done_m2) as done_m2,
       sum(p.planned_central_cny) as planned_central_cny,
       sum(p.planned_local_cny) as planned_local_cny,
       sum(p.planned_company_cny) as planned_company_cny,
       sum(p.paid_central_cny) as paid_central_cny,
       sum(p.paid_local_cny) as paid_local_cny,
       sum(p.paid_company_cny) as paid_company_cny,
       sum(p.coal_saved_t * least(1.0, p.done_m2 / nullif(p.scale_m2, 0))) as coal_replaced_tce
  from project p
 cross join lateral unnest(array[0, p.district_id, p.zone_id]) as u (area_id)
 where u.area_id is not null
 group by 1, 2
