copy (
select a.asset_id, coalesce(e.asset_id, 0) as estate_id, coalesce(a.attributes ->> 'critical_use', '') as critical_use,
       coalesce(a.attributes ->> 'energy_class', '') as energy_class, a.attributes ->> 'year_built' as year_built,
       case when a.attributes ->> 'critical_use' is null then '' else a.name end as name
  from asset a
  left join asset_key e on e.city_id = a.city_id and e.kind = 'estate' and e.code = a.attributes ->> 'estate_code'
 where a.city_id = %(city_id)s
   and a.kind = 'building'
   and a.valid_to_at is null
) to stdout (format csv, header)
