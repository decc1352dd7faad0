insert into check_found (rule, key, asset_ids, register, row_id, detail)
select 'project_off_area', 'retrofit_project ' || r.row_id, array[a.asset_id], r.kind, r.row_id,
       jsonb_build_object('area', a.code, 'metres', round(d.metres::numeric))
  from register_row r
  join asset a
    on a.city_id = r.city_id
   and a.valid_to_at is null
   and a.kind in ('district', 'zone')
   and a.code = r.attributes ->> 'area_code'
   and st_isvalid(a.geom)
   and not st_isempty(a.geom)
   and not st_intersects(a.geom, r.geom)
 cross join lateral (select st_distance(st_force2d(a.geom)::geography, r.geom::geography) as metres) d
 where r.city_id = %(city_id)s
   and r.kind = 'retrofit_project'
   and r.geom is not null
   and d.metres > %(off_area_m)s
