-- the transmission pipes that lie along a plant's branch; a branch that is a place has none
select r.asset_id, p.asset_id as solid_id
  from asset r
  join asset p on p.city_id = r.city_id and p.kind = 'pipe' and p.valid_to_at is null
              and p.attributes ->> 'network_level' = 'transmission'
              and p.geom && st_expand(r.geom, 0.0001) and st_dwithin(st_pointonsurface(p.geom), r.geom, $5::float8)
 where {scope:r} and {scope:p} and r.kind = 'plant_branch' and r.valid_to_at is null and st_dimension(r.geom) = 1
 order by r.asset_id, p.asset_id
