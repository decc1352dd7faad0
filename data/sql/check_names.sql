copy (
select a.asset_id, a.kind, a.code, a.name, coalesce(a.attributes ->> 'address', '') as address
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind in ('company', 'plant', 'boiler_house', 'substation', 'estate', 'building', 'authority')
   and a.name <> ''
 order by a.asset_id
) to stdout (format csv, header)
