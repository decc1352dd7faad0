select v.plan_id, v.order_no, v.asset_id, v.action, v.state_before, a.code, a.name,
       coalesce(s.state, a.attributes ->> 'normal_state', 'unknown') as state,
       coalesce(s.operability, a.attributes ->> 'operability', 'usable') as operability,
       case when $3::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $3, $4::double precision)) end as lon,
       case when $3::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $3, $4::double precision)) end as lat
  from plan_valve v
  join asset a
    on a.city_id = v.city_id and a.asset_id = v.asset_id
   and a.version = (select max(m.version) from asset m where m.city_id = v.city_id and m.asset_id = v.asset_id)
  left join valve_state s on s.city_id = v.city_id and s.asset_id = v.asset_id
  left join lateral (select st_centroid(a.geom) as point) p on true
 where v.city_id = $1
   and v.plan_id = any($2::int[])
 order by v.plan_id, v.order_no
