-- a company that does not exist: the one that everything else of the same substation names, or the other pipe of its pair
with check_pairs as materialized (
    -- one pass: there is no index by pair
    select a.asset_id, a.kind, a.pair_id, a.attributes ->> 'company_code' as company
      from asset a
     where a.city_id = %(city_id)s
       and a.valid_to_at is null
       and a.pair_id = any(array(
               select p.pair_id
                 from check_found n
                 join asset p on p.city_id = %(city_id)s and p.asset_id = n.asset_id and p.valid_to_at is null
                where n.rule = 'reference_unknown' and n.detail ->> 'attribute' = 'company_code' and p.pair_id is not null
           ))
)
update check_found f
   set repair = jsonb_build_object(
           'action', 'set_value',
           'values', jsonb_build_object('attribute', 'company_code', 'value', h.code),
           'edits', jsonb_build_array(
               jsonb_build_object('asset_id', f.asset_id, 'attributes', jsonb_build_object('company_code', h.code))
           )
       )
  from (
        select n.asset_id, min(c.code) as code
          from check_found n
          join asset s on s.city_id = %(city_id)s and s.asset_id = n.asset_id and s.valid_to_at is null and s.kind = 'substation'
          join asset e
            on e.city_id = s.city_id and e.valid_to_at is null and e.kind = 'estate' and e.attributes ->> 'substation_code' = s.code
          join asset c
            on c.city_id = e.city_id and c.valid_to_at is null and c.kind = 'company' and c.code = e.attributes ->> 'company_code'
         where n.rule = 'reference_unknown' and n.detail ->> 'attribute' = 'company_code'
         group by n.asset_id
        having count(distinct c.code) = 1
        union all
        select p.asset_id, min(c.code)
          from check_pairs p
          join check_pairs o on o.kind = p.kind and o.pair_id = p.pair_id and o.asset_id <> p.asset_id
          join asset c on c.city_id = %(city_id)s and c.valid_to_at is null and c.kind = 'company' and c.code = o.company
         group by p.asset_id
        having count(distinct c.code) = 1
       ) h
 where f.rule = 'reference_unknown'
   and f.asset_id = h.asset_id
   and f.detail ->> 'attribute' = 'company_code'
   and f.repair is null
