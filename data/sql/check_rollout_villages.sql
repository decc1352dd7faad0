-- only where households are kept
insert into check_found (rule, key, asset_ids, asset_id)
select 'village_without_households', a.asset_id::text, array[a.asset_id], a.asset_id
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind = 'village'
   and exists (select 1 from register_row r where r.city_id = %(city_id)s and r.kind = 'household')
   and not exists (
       select 1
         from register_row r
        where r.city_id = %(city_id)s and r.kind = 'household' and r.asset_id = a.asset_id
   )
