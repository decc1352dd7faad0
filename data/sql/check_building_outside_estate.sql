insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select 'building_outside_estate', b.asset_id || '+' || e.asset_id, array[b.asset_id, e.asset_id], b.asset_id,
       jsonb_build_object('estate', e.code, 'metres', round(st_distance(b.m, e.m)::numeric)),
       case
           when h.estates = 1 then jsonb_build_object(
               'action', 'set_value',
               'values', jsonb_build_object('attribute', 'estate_code', 'value', h.code),
               'edits', jsonb_build_array(
                   jsonb_build_object('asset_id', b.asset_id, 'attributes', jsonb_build_object('estate_code', h.code))
               )
           )
       end
  from check_shape b
  join asset a on a.city_id = %(city_id)s and a.asset_id = b.asset_id and a.valid_to_at is null
  join check_shape e on e.kind = 'estate' and e.code = a.attributes ->> 'estate_code'
 cross join lateral (
       select count(*) as estates, min(o.code) as code
         from check_shape o
        where o.kind = 'estate' and o.m && b.m and st_contains(o.m, st_pointonsurface(b.m))
       ) h
 where b.kind = 'building'
   and not st_dwithin(b.m, e.m, 1)
