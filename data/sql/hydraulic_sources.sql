copy (
select a.asset_id, (a.attributes ->> 'design_power_mw')::double precision as design_power_mw
  from asset a
 where a.city_id = %(city_id)s
   and a.kind in ('plant', 'boiler_house')
   and a.valid_to_at is null
 order by a.asset_id
) to stdout (format csv, header)
