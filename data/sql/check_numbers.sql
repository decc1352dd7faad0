insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select case
           when n.attribute = 'storeys' then 'storeys_impossible'
           when n.attribute like '%%burial_depth_m' then 'burial_depth_impossible'
           else 'number_negative'
       end,
       n.asset_id || ':' || n.attribute, array[n.asset_id], n.asset_id,
       jsonb_build_object('attribute', n.attribute, 'value', n.value),
       -- a sign too many: the storeys without it must fit the height, where there is one
       case
           when n.attribute = 'storeys' and -n.value between 1 and %(most_storeys)s
                and coalesce(n.height_m / -n.value between 2 and 8, true)
           then jsonb_build_object(
               'action', 'set_value',
               'values', jsonb_build_object('attribute', 'storeys', 'value', -n.value),
               'edits', jsonb_build_array(
                   jsonb_build_object('asset_id', n.asset_id, 'attributes', jsonb_build_object('storeys', -n.value))
               )
           )
       end
  from (
        select a.asset_id, r.attribute, (a.attributes ->> r.attribute)::numeric as value,
               case when a.kind = 'building' and jsonb_typeof(a.attributes -> 'height_m') = 'number'
                    then (a.attributes ->> 'height_m')::numeric end as height_m
          from unnest(%(number_kinds)s::text[], %(number_attributes)s::text[]) r (kind, attribute)
          join asset a on a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = r.kind
         where jsonb_typeof(a.attributes -> r.attribute) = 'number'
       ) n
 where case
           when n.attribute = 'storeys' then n.value < 1 or n.value > %(most_storeys)s
           when n.attribute like '%%burial_depth_m' then n.value < 0 or n.value > %(deepest_m)s
           else n.value < 0
       end
