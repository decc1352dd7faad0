-- only where households are kept
insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'device_household_differs', d.asset_id::text, array[d.asset_id], d.asset_id,
       jsonb_build_object(
           'other', d.attributes ->> 'household_code', 'why', case when h.row_id is null then 'unknown' else 'village' end
       )
  from asset d
  left join register_row h on h.city_id = d.city_id and h.kind = 'household' and h.code = d.attributes ->> 'household_code'
 where d.city_id = %(city_id)s
   and d.valid_to_at is null
   and d.kind = 'heating_device'
   and d.attributes ->> 'household_code' is not null
   and (h.row_id is null or h.attributes ->> 'village_code' <> d.attributes ->> 'village_code')
   and exists (select 1 from register_row r where r.city_id = %(city_id)s and r.kind = 'household')
