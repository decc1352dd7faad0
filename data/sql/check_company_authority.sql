insert into check_found (rule, key, asset_ids, asset_id)
select 'company_without_authority', a.asset_id::text, array[a.asset_id], a.asset_id
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind = 'company'
   and a.attributes ->> 'authority_code' is null
   and exists (select 1 from asset u where u.city_id = %(city_id)s and u.valid_to_at is null and u.kind = 'authority')
