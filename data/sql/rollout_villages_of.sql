-- villages whose own rows a change has touched: what hangs on them, and villages that households have left
select distinct r.asset_id
  from (
        select asset_id, kind from register_row where city_id = %(city_id)s and change_id > %(change_id)s
         union all
        select v.asset_id, v.kind
          from register_version v where v.city_id = %(city_id)s and v.ended_by > %(change_id)s
       ) r
 where r.kind = any(%(kinds)s::text[])
   and r.asset_id is not null
