-- buildings in which an object ($6) of a kind ($5) differs from its area; $7 outside, foreign, unserved or NULL = all
with listed as (
    select u.asset_id, u.relation
      from coverage c
     cross join lateral (
           select unnest(c.outside_ids) as asset_id, 'outside' as relation
           union all select unnest(c.foreign_ids), 'foreign'
           union all select unnest(c.unserved_ids), 'unserved'
           ) u
     where {scope:c} and c.of_kind = $5::text and c.asset_id = $6::int and ($7::text is null or u.relation = $7::text)
)
select l.relation, a.asset_id, a.code, a.name, b.heated_area_m2, b.substation_id, b.source_id, b.supplier_id, b.estate_id
  from listed l
  join served_building b on b.city_id = $1 and b.asset_id = l.asset_id
  join asset a on a.city_id = b.city_id and a.asset_id = b.asset_id and a.valid_to_at is null
 where {scope:a}
 order by l.relation, a.asset_id
