-- what a repair of one problem mends too: the copy of a building has no inlet and the name of the first; an inlet's building gets it
update check_found f
   set repair = g.repair
  from (
        select n.repair, c.asset_id, null::text as code
          from check_found n
         cross join lateral (select (e ->> 'asset_id')::integer as asset_id from jsonb_array_elements(n.repair -> 'edits') e) c
         where n.rule = 'building_twice' and n.repair is not null
        union all
        select n.repair, b.asset_id, b.code
          from check_found n
          join asset b
            on b.city_id = %(city_id)s and b.valid_to_at is null and b.kind = 'building' and b.code = n.repair -> 'values' ->> 'value'
         where n.rule = 'inlet_without_building' and n.repair is not null
       ) g
 where f.repair is null
   and f.asset_id = g.asset_id
   and (f.rule = 'building_without_inlet' or (f.rule = 'same_name_address' and g.code is null))
