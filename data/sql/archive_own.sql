update archive_row r
   set company_id = (
           select k.asset_id
             from asset_key k
            where k.city_id = $1::smallint and k.kind = 'company' and k.code = r.attributes ->> 'company_code'
       )
 where r.reown and not r.retire
