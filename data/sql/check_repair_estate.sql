-- a building that names no known estate is of the one that holds it
update check_found f
   set repair = jsonb_build_object(
           'action', 'set_value',
           'values', jsonb_build_object('attribute', 'estate_code', 'value', h.code),
           'edits', jsonb_build_array(
               jsonb_build_object('asset_id', f.asset_id, 'attributes', jsonb_build_object('estate_code', h.code))
           )
       )
  from (
        select b.asset_id, min(e.code) as code
          from check_found n
          join check_shape b on b.kind = 'building' and b.asset_id = n.asset_id
          join check_shape e on e.kind = 'estate' and e.m && b.m and st_contains(e.m, st_pointonsurface(b.m))
         where n.rule = 'reference_unknown' and n.detail ->> 'attribute' = 'estate_code'
         group by b.asset_id
        having count(*) = 1
       ) h
 where f.rule = 'reference_unknown'
   and f.asset_id = h.asset_id
   and f.detail ->> 'attribute' = 'estate_code'
   and f.repair is null
