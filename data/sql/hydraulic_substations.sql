copy (
with served as (
     select b.attributes ->> 'substation_code' as code, sum((b.attributes ->> 'heat_load_mw')::double precision) as heat_load_mw
       from asset b
      where b.city_id = %(city_id)s
        and b.kind = 'building'
        and b.valid_to_at is null
      group by 1
)
-- a substation without buildings that state a load is taken at its design power
select a.asset_id, coalesce(s.heat_load_mw, (a.attributes ->> 'design_power_mw')::double precision, 0) as heat_load_mw
  from asset a
  left join served s on s.code = a.code
 where a.city_id = %(city_id)s
   and a.kind = 'substation'
   and a.valid_to_at is null
 order by a.asset_id
) to stdout (format csv, header)
