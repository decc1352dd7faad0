-- assets delivered before their company
update asset a
   set company_id = k.asset_id
  from asset_key k
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and k.city_id = %(city_id)s
   and k.kind = 'company'
   and k.code = a.attributes ->> 'company_code'
   and a.company_id is distinct from k.asset_id
