-- the shape of each thing after its end (0 start, 1 end, -1 a point) is put where an end of another is, bit for bit; its height stays
select m.place, encode(st_asewkb(case when m.moved_end = -1 then n.point else st_setpoint(m.geom, m.vertex, n.point) end), 'hex')
  from (
        select u.place, u.moved_end, a.geom,
               case u.moved_end when 1 then st_npoints(a.geom) - 1 else 0 end as vertex,
               case u.moved_end when 0 then st_startpoint(a.geom) when 1 then st_endpoint(a.geom) else a.geom end as was,
               case u.target_end
                   when 0 then st_startpoint(st_geometryn(t.geom, 1))
                   when 1 then st_endpoint(st_geometryn(t.geom, st_numgeometries(t.geom)))
                   else t.geom
               end as wanted
          from unnest(%(moved_ids)s::int[], %(moved_ends)s::int[], %(target_ids)s::int[], %(target_ends)s::int[])
               with ordinality u (moved_id, moved_end, target_id, target_end, place)
          join asset a on a.city_id = %(city_id)s and a.asset_id = u.moved_id and a.valid_to_at is null
          join asset t on t.city_id = %(city_id)s and t.asset_id = u.target_id and t.valid_to_at is null
         where st_geometrytype(a.geom) = case u.moved_end when -1 then 'ST_Point' else 'ST_LineString' end
           and (u.target_end <> -1 or st_geometrytype(t.geom) = 'ST_Point')
       ) m
 cross join lateral (
       select st_setsrid(
                  case when st_ndims(m.was) > 2 then st_makepoint(st_x(m.wanted), st_y(m.wanted), st_z(m.was))
                       else st_makepoint(st_x(m.wanted), st_y(m.wanted)) end,
                  4326
              ) as point
       ) n
 where st_x(m.wanted) is not null
