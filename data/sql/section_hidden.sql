-- pipes that a section cuts and the caller does not see: those of the city but for those of the Scope
-- $5 kinds, $6 line (hexadecimal EWKB)
select count(*)
  from asset o
 where o.city_id = $1::smallint and o.kind = any($5::text[]) and o.valid_to_at is null
   and st_intersects(o.geom, $6::text::geometry)
   and not exists (select 1 from asset a where a.city_id = o.city_id and a.asset_id = o.asset_id and a.valid_to_at is null
                                           and {scope:a})
