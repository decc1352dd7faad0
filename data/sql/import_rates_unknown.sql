select n.row_no, n.area_code
  from unnest(%(rows)s::int[], %(area_codes)s::text[]) as n (row_no, area_code)
 where not exists (
        select 1
          from asset_key k
         where k.city_id = %(city_id)s and k.kind = 'district' and k.code = n.area_code
       )
 order by n.row_no
