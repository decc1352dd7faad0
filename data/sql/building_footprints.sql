-- stated values as they are; what of them is drawn is decided where solids are made (tiles/tiles3d/building_rules.py, with the
-- height rule of tile_fill_building.sql)
-- $5: rounding grid in Web Mercator metres (NULL = as stored); $6: some of them (NULL = all)
select a.asset_id, a.code, a.name, a.attributes ->> 'building_type', a.attributes ->> 'height_source',
       (a.attributes ->> 'height_m')::float8, (a.attributes ->> 'storeys')::float8,
       a.attributes ->> 'estate_code', a.attributes ->> 'substation_code',
       st_asbinary(case when $5::float8 is null then st_force2d(a.geom)
                        else st_transform(st_snaptogrid(st_transform(st_force2d(a.geom), 3857), $5::float8), 4326)
                   end)
  from asset a
 where {scope:a} and a.kind = 'building' and a.valid_to_at is null
   and ($6::int[] is null or a.asset_id = any($6::int[]))
 order by a.asset_id
