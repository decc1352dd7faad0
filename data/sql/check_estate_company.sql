insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select 'estate_company_differs', e.asset_id::text, array[e.asset_id, s.asset_id], e.asset_id,
       jsonb_build_object(
           'value', e.attributes ->> 'company_code', 'substation', s.code, 'wanted', s.attributes ->> 'company_code'
       ),
       jsonb_build_object(
           'action', 'set_value',
           'values', jsonb_build_object('attribute', 'company_code', 'value', s.attributes ->> 'company_code'),
           'edits', jsonb_build_array(jsonb_build_object(
               'asset_id', e.asset_id, 'attributes', jsonb_build_object('company_code', s.attributes ->> 'company_code')
           ))
       )
  from asset e
  join asset s
    on s.city_id = e.city_id and s.valid_to_at is null and s.kind = 'substation' and s.code = e.attributes ->> 'substation_code'
  -- a company that does not exist is a problem of the substation
  join asset c on c.city_id = s.city_id and c.valid_to_at is null and c.kind = 'company' and c.code = s.attributes ->> 'company_code'
 where e.city_id = %(city_id)s
   and e.valid_to_at is null
   and e.kind = 'estate'
   and e.attributes ->> 'company_code' <> s.attributes ->> 'company_code'
