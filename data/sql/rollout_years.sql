-- years that something is known of, up to the present one
select distinct y.year
  from (
        select s.year from rollout_sum s where s.city_id = %(city_id)s and s.area_id = 0
         union all
        select left(r.attributes ->> 'month', 4)::int
          from register_row r where r.city_id = %(city_id)s and r.kind = 'rollout_report'
           and r.attributes ->> 'month' ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'
         union all
        select (r.attributes ->> 'year')::int from register_row r where r.city_id = %(city_id)s and r.kind = 'rollout_target'
       ) y
 where y.year between %(this_year)s - 15 and %(this_year)s
 order by y.year
