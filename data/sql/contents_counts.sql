select s.kind, s.level, sum(s.asset_count)::bigint as asset_count, sum(s.placed_count)::bigint as placed_count,
       sum(s.supply_length_m) as supply_length_m, sum(s.heat_user_count) as heat_user_count,
       sum(s.heated_area_m2) as heated_area_m2,
       min(s.west) as west, min(s.south) as south, max(s.east) as east, max(s.north) as north
  from asset_summary s
 where {scope:s}
 group by s.kind, s.level
 order by s.kind, s.level
