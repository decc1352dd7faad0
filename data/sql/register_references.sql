-- values that name an asset by code, checked against every key the city knows; an attribute may name one of several kinds
select n.layer_no, n.row_no,
       c.attribute || ' = ''' || (n.attributes ->> c.attribute) || ''' names no ' || string_agg(c.reference, ' or ' order by c.rank)
  from unnest(%(kinds)s::text[], %(attributes)s::text[], %(references)s::text[]) with ordinality
       as c (kind, attribute, reference, rank)
  join register_new n on n.kind = c.kind and n.attributes ->> c.attribute is not null
  left join asset_key k
    on k.city_id = %(city_id)s and k.kind = c.reference and k.code = n.attributes ->> c.attribute
 group by n.layer_no, n.row_no, c.attribute, n.attributes
having count(k.asset_id) = 0
 order by n.layer_no, n.row_no
