-- projects of the rollout, the largest first; those without a scale last
-- $5: district or zone, $6: stage, $7: kind, $8: technical type, $9: pattern of code or name, $10 and $11: grid of the Scope in degrees
select r.row_id, r.code, r.name, r.asset_id as area_id, a.name as area_name, a.kind as area_kind, r.area_id as district_id, r.attributes,
       case when $10::float8 is null then st_x(r.geom) else st_x(st_snaptogrid(r.geom, 0, 0, $10::float8, $11::float8)) end as lon,
       case when $10::float8 is null then st_y(r.geom) else st_y(st_snaptogrid(r.geom, 0, 0, $10::float8, $11::float8)) end as lat
  from register_row r
  left join asset a on a.city_id = r.city_id and a.asset_id = r.asset_id and a.valid_to_at is null
 where {part:rollout_project_asked}
 order by (r.attributes ->> 'scale_m2')::float8 desc nulls last, r.row_id
 limit $12 offset $13
