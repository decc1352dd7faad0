copy (
select a.asset_id, a.kind, a.name, coalesce(a.area_id, 0) as area_id, coalesce(a.company_id, 0) as company_id
  from asset a
 where a.city_id = %(city_id)s
   and a.kind in ('estate', 'company', 'plant_branch')
   and a.valid_to_at is null
) to stdout (format csv, header)
