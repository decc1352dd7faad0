-- temperatures of pipes by the newest solution of their zone; returns the segments of those that differ
update tile_pipe p
   set temperature_degc = n.temperature_degc
  from (
        select t.asset_id, round(z.temperature_degc)::smallint as temperature_degc
          from tile_pipe t
          left join zone_pipe z on z.city_id = t.city_id and z.asset_id = t.asset_id
         where t.city_id = %(city_id)s::smallint
       ) n
 where p.city_id = %(city_id)s::smallint
   and p.asset_id = n.asset_id
   and p.temperature_degc is distinct from n.temperature_degc
returning coalesce(p.segment_id, p.asset_id)
