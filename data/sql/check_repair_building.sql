-- an inlet or room sensor that names no known building is of the one that it stands in, or against
update check_found f
   set repair = jsonb_build_object(
           'action', 'set_value',
           'values', jsonb_build_object('attribute', 'building_code', 'value', h.code),
           'edits', jsonb_build_array(
               jsonb_build_object('asset_id', f.asset_id, 'attributes', jsonb_build_object('building_code', h.code))
           )
       )
  from (
        select p.asset_id, p.rule, p.key, min(b.code) as code
          from (
                select n.rule, n.key, n.asset_id,
                       st_affine(st_centroid(a.geom), %(east_m)s, 0, 0, %(north_m)s, -%(lon)s * %(east_m)s, -%(lat)s * %(north_m)s) as m
                  from check_found n
                  join asset a on a.city_id = %(city_id)s and a.asset_id = n.asset_id and a.valid_to_at is null
                 where a.geom is not null
                   and (
                       n.rule = 'inlet_without_building'
                       or (n.rule = 'reference_unknown' and n.detail ->> 'attribute' = 'building_code')
                   )
               ) p
          join check_shape b on b.kind = 'building' and st_dwithin(b.m, p.m, 1)
         group by p.asset_id, p.rule, p.key
        having count(*) = 1
       ) h
 where f.rule = h.rule
   and f.key = h.key
   and f.repair is null
