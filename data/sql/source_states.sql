select a.asset_id, a.kind, a.code, a.name, s.origin, s.seat, s.note, s.changed_at,
       coalesce(s.running, (a.attributes ->> 'running')::boolean,
                not coalesce((a.attributes ->> 'peak_only')::boolean, false)) as running,
       coalesce((a.attributes ->> 'running')::boolean,
                not coalesce((a.attributes ->> 'peak_only')::boolean, false)) as normally_running,
       case when $5::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $5, $6::double precision)) end as lon,
       case when $5::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $5, $6::double precision)) end as lat
  from asset a
  left join source_state s on s.city_id = a.city_id and s.asset_id = a.asset_id
  left join lateral (select st_centroid(a.geom) as point) p on true
 where {scope:a}
   and a.kind in ('plant', 'boiler_house')
   and a.valid_to_at is null
 order by a.asset_id
