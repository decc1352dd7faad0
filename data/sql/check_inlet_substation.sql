insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select 'inlet_substation_differs', b.asset_id::text, array[b.asset_id], b.asset_id,
       jsonb_build_object('value', b.attributes ->> 'substation_code', 'wanted', array_to_string(i.named, ', ')),
       case
           when cardinality(i.named) = 1 then jsonb_build_object(
               'action', 'set_value',
               'values', jsonb_build_object('attribute', 'substation_code', 'value', i.named[1]),
               'edits', jsonb_build_array(
                   jsonb_build_object('asset_id', b.asset_id, 'attributes', jsonb_build_object('substation_code', i.named[1]))
               )
           )
       end
  from asset b
  join (
        select n.attributes ->> 'building_code' as building, array_agg(distinct s.code order by s.code) as named
          from asset n
          join asset s
            on s.city_id = n.city_id and s.valid_to_at is null and s.kind = 'substation'
           and s.code = n.attributes ->> 'substation_code'
         where n.city_id = %(city_id)s and n.valid_to_at is null and n.kind = 'building_inlet'
         group by 1
       ) i on i.building = b.code
 where b.city_id = %(city_id)s
   and b.valid_to_at is null
   and b.kind = 'building'
   and b.attributes ->> 'substation_code' <> all(i.named)
   -- one that does not exist is another problem
   and exists (
       select 1
         from asset s
        where s.city_id = %(city_id)s and s.valid_to_at is null and s.kind = 'substation'
          and s.code = b.attributes ->> 'substation_code'
   )
