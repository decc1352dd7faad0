insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select f.rule, p.asset_id::text, array[p.asset_id], p.asset_id, f.detail, f.repair
  from (
        select a.asset_id, a.kind,
               case when jsonb_typeof(a.attributes -> 'dn') = 'number' then (a.attributes ->> 'dn')::numeric end as dn,
               case when jsonb_typeof(a.attributes -> 'outer_diameter_mm') = 'number'
                    then (a.attributes ->> 'outer_diameter_mm')::numeric end as outer_mm,
               case when jsonb_typeof(a.attributes -> 'wall_mm') = 'number' then (a.attributes ->> 'wall_mm')::numeric end as wall_mm,
               case when jsonb_typeof(a.attributes -> 'length_m') = 'number' then (a.attributes ->> 'length_m')::numeric end as length_m,
               case when st_dimension(a.geom) = 1 then st_length(a.geom::geography)::numeric end as drawn_m
          from asset a
         where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind in ('pipe', 'valve')
       ) p
 cross join lateral (
       select 'dn_not_standard' as rule, jsonb_build_object('value', p.dn) as detail, null::jsonb as repair
        where p.dn > 0 and p.dn <> all(%(standard_dn)s::numeric[])
       union all
       select 'diameter_contradicts', jsonb_build_object('dn', p.dn, 'outer', p.outer_mm, 'wall', p.wall_mm), null
        where p.outer_mm < p.dn or (p.wall_mm > 0 and 2 * p.wall_mm >= p.outer_mm)
       union all
       select 'length_contradicts', jsonb_build_object('value', p.length_m, 'drawn', round(p.drawn_m, 1)),
              jsonb_build_object(
                  'action', 'set_value',
                  'values', jsonb_build_object('attribute', 'length_m', 'value', round(p.drawn_m, 1)),
                  'edits', jsonb_build_array(jsonb_build_object(
                      'asset_id', p.asset_id, 'attributes', jsonb_build_object('length_m', round(p.drawn_m, 1))
                  ))
              )
        where p.length_m >= 0 and abs(p.length_m - p.drawn_m) > greatest(5, 0.2 * p.drawn_m)
       ) f
