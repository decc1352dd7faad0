-- height: given, else storeys * 3.0 m, else 9 m; the same rule as tile_fill_building.sql
-- $5: rounding grid in Web Mercator metres (NULL = as stored), $6: metres a storey, $7: default height
select b.asset_id, b.name, b.height_m, st_asbinary(b.geom)
  from (select a.asset_id, a.name,
               coalesce(nullif((a.attributes ->> 'height_m')::float8, 0),
                        nullif((a.attributes ->> 'storeys')::float8, 0) * $6::float8, $7::float8) as height_m,
               case when $5::float8 is null then st_force2d(a.geom)
                    else st_transform(st_snaptogrid(st_transform(st_force2d(a.geom), 3857), $5::float8), 4326)
               end as geom
          from asset a
         where {scope:a} and a.kind = 'building' and a.valid_to_at is null and st_dimension(a.geom) = 2
       ) b
 where b.geom is not null and not st_isempty(b.geom)
 order by b.asset_id
