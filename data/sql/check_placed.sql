-- one row a problem, as the table holds it
create temporary table check_placed on commit drop as
select distinct on (f.rule, f.key)
       f.rule, f.key, f.asset_ids[1:%(listed)s] as asset_ids, cardinality(f.asset_ids) as asset_count,
       coalesce(f.asset_id, r.asset_id) as asset_id, coalesce(f.register, a.kind, '') as kind, f.row_id,
       coalesce(r.code, a.code, '') as code, coalesce(r.name, a.name, '') as name,
       coalesce(r.area_id, a.area_id) as area_id, coalesce(r.company_id, a.company_id) as company_id,
       coalesce(
           st_setsrid(st_makepoint(f.lon, f.lat), 4326),
           r.geom,
           case
               when st_isempty(a.geom) then null
               when st_dimension(a.geom) = 0 then st_force2d(st_pointn(st_points(a.geom), 1))
               when st_isvalid(a.geom) then st_pointonsurface(st_force2d(a.geom))
               else st_setsrid(st_centroid(st_envelope(st_force2d(a.geom))), 4326)
           end
       )::geometry(point, 4326) as geom,
       f.detail, f.repair
  from check_found f
  left join register_row r on r.city_id = %(city_id)s and r.kind = f.register and r.row_id = f.row_id
  left join asset a
    on a.city_id = %(city_id)s and a.asset_id = coalesce(f.asset_id, r.asset_id) and a.valid_to_at is null
 order by f.rule, f.key
