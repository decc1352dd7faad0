-- what hangs on each building: inlets weigh more than sensors and heat users
create temporary table check_hangs on commit drop as
select h.code, sum(h.weight) as things
  from (
        select a.attributes ->> 'building_code' as code, case a.kind when 'building_inlet' then 1000000 else 1000 end as weight
          from asset a
         where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind in ('building_inlet', 'room_sensor')
        union all
        select r.attributes ->> 'building_code', 1
          from register_row r
         where r.city_id = %(city_id)s and r.kind = 'heat_user'
       ) h
 where h.code is not null
 group by h.code
