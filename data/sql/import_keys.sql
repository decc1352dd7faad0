-- ids are dense, in sorted key order, and never given twice: asset_key rows are never deleted
insert into asset_key (city_id, kind, code, asset_id)
select %(city_id)s, n.kind, n.code,
       (select coalesce(max(asset_id), 0) from asset_key where city_id = %(city_id)s) + row_number() over (order by n.kind, n.code)
  from import_stage n
 where not exists (
        select 1
          from asset_key k
         where k.city_id = %(city_id)s and k.kind = n.kind and k.code = n.code
       )
