select a.asset_id, a.code, a.name, a.attributes ->> 'normal_state' as normal_state, v.state, v.origin, v.seat, v.note,
       v.changed_at, coalesce(v.operability, a.attributes ->> 'operability', 'usable') as operability,
       -- the first record after the last one that said otherwise
       (select min(h.changed_at)
          from valve_state_history h
         where h.city_id = a.city_id
           and h.asset_id = a.asset_id
           and h.operation_id > coalesce((select max(o.operation_id)
                                            from valve_state_history o
                                           where o.city_id = a.city_id
                                             and o.asset_id = a.asset_id
                                             and o.state <> v.state), 0)) as since_at,
       case when $5::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $5, $6::double precision)) end as lon,
       case when $5::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $5, $6::double precision)) end as lat,
       count(*) over () as total
  from valve_state v
  join asset a on a.city_id = v.city_id and a.asset_id = v.asset_id and a.valid_to_at is null
  left join lateral (select st_centroid(a.geom) as point) p on true
 where {scope:a}
   and a.kind = 'valve'
   and v.state <> a.attributes ->> 'normal_state'
 order by v.changed_at desc, a.asset_id
 limit $7 offset $8
