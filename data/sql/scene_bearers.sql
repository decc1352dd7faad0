-- which solid bears the colour of an asset that has none of its own; by rising asset, nearest reason first
select asset_id, min(solid_id) as solid_id
  from (
        -- a heat inlet stands in the building that it names
        select i.asset_id, b.asset_id as solid_id
          from asset i
          join asset b on b.city_id = i.city_id and b.kind = 'building' and b.valid_to_at is null
                      and b.code = i.attributes ->> 'building_code'
         where {scope:i} and {scope:b} and i.kind = 'building_inlet' and i.valid_to_at is null and st_dimension(b.geom) = 2
        union all
        -- what stands inside an outline has that building
        select o.asset_id, b.asset_id
          from asset o
          join asset b on b.city_id = o.city_id and b.kind = 'building' and b.valid_to_at is null and st_covers(b.geom, o.geom)
         where {scope:o} and {scope:b} and o.valid_to_at is null and st_dimension(o.geom) = 0 and st_dimension(b.geom) = 2
           and o.kind in ('plant', 'boiler_house', 'substation', 'heating_device')
       ) found
 group by asset_id
 order by asset_id
