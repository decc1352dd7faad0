-- one area, month and region under several codes; the first by row id stands
insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'report_twice', r.kind || ' ' || r.row_id, array_remove(array[r.asset_id], null), r.kind, r.row_id,
       jsonb_build_object('other', r.first_code, 'area', r.area, 'month', r.month, 'region', r.region)
  from (
        select w.kind, w.row_id, w.asset_id, w.attributes ->> 'area_code' as area, w.attributes ->> 'month' as month,
               coalesce(w.attributes ->> 'region', '') as region,
               first_value(w.code) over same as first_code, first_value(w.row_id) over same as first_row
          from register_row w
         where w.city_id = %(city_id)s and w.kind = 'rollout_report'
        window same as (
            partition by w.attributes ->> 'area_code', w.attributes ->> 'month', coalesce(w.attributes ->> 'region', '')
            order by w.row_id
        )
       ) r
 where r.row_id <> r.first_row
   and r.area is not null
   and r.month is not null
