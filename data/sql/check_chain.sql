insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'chain_incomplete', a.asset_id || ':' || r.attribute, array[a.asset_id], a.asset_id,
       jsonb_build_object('attribute', r.attribute)
  from (values ('substation', 'source_code'), ('substation', 'company_code'), ('plant', 'company_code'),
               ('boiler_house', 'company_code'), ('estate', 'company_code')) r (kind, attribute)
  join asset a on a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = r.kind
 where a.attributes ->> r.attribute is null
   and not (r.attribute = 'source_code' and a.attributes ->> 'branch_code' is not null)
   -- a delivery that has no companies at all declares none
   and (
       r.attribute <> 'company_code'
       or exists (select 1 from asset c where c.city_id = %(city_id)s and c.valid_to_at is null and c.kind = 'company')
   )
