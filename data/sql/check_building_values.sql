insert into check_found (rule, key, asset_ids, asset_id, detail)
select f.rule, b.asset_id::text, array[b.asset_id], b.asset_id, f.detail
  from (
        select a.asset_id, s.area_m2::numeric as footprint_m2,
               case when jsonb_typeof(a.attributes -> 'storeys') = 'number' then (a.attributes ->> 'storeys')::numeric end as storeys,
               case when jsonb_typeof(a.attributes -> 'height_m') = 'number' then (a.attributes ->> 'height_m')::numeric end as height_m,
               case when jsonb_typeof(a.attributes -> 'heated_area_m2') = 'number'
                    then (a.attributes ->> 'heated_area_m2')::numeric end as heated_m2,
               case when jsonb_typeof(a.attributes -> 'heat_load_mw') = 'number'
                    then (a.attributes ->> 'heat_load_mw')::numeric end as load_mw,
               case when jsonb_typeof(a.attributes -> 'heat_user_count') = 'number'
                    then (a.attributes ->> 'heat_user_count')::numeric end as users
          from asset a
          left join check_shape s on s.kind = 'building' and s.asset_id = a.asset_id
         where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = 'building'
       ) b
 cross join lateral (
       -- storeys that are impossible themselves say nothing about the area or the height
       select 'heated_area_contradicts' as rule,
              jsonb_build_object('value', b.heated_m2, 'footprint', round(b.footprint_m2), 'storeys', b.storeys) as detail
        where b.storeys between 1 and %(most_storeys)s and b.heated_m2 > 1.5 * b.footprint_m2 * b.storeys and b.heated_m2 > 100
       union all
       select 'heat_load_implausible', jsonb_build_object('value', round(1e6 * b.load_mw / b.heated_m2, 1))
        where b.heated_m2 > 0 and b.load_mw >= 0
          and 1e6 * b.load_mw / b.heated_m2 not between %(least_w_per_m2)s and %(most_w_per_m2)s
       union all
       select 'height_contradicts_storeys', jsonb_build_object('height', b.height_m, 'storeys', b.storeys)
        where b.storeys between 1 and %(most_storeys)s and b.height_m > 0 and b.height_m / b.storeys not between %(least_storey_m)s and %(most_storey_m)s
       union all
       select 'user_count_implausible', jsonb_build_object('value', b.users, 'area', b.heated_m2)
        where b.users > 0 and b.heated_m2 > 0 and b.heated_m2 / b.users not between 8 and 20000
       ) f
