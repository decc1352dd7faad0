-- newest change of registers and assets, and the newest one that was counted; -1 where a city was never derived
select coalesce(v.change_id, -1) as counted,
       greatest(
           (select max(r.change_id) from register_row r where r.city_id = c.city_id),
           (select max(a.change_id) from asset a where a.city_id = c.city_id),
           (select max(a.ended_by) from asset a where a.city_id = c.city_id and a.ended_by is not null),
           0
       ) as newest
  from city c
  left join rollout_version v using (city_id)
 where c.city_id = %(city_id)s
