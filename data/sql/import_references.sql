-- values that name another asset by code, checked against every key the city knows
select r.layer_no, r.row_no, c.attribute || ' = ''' || (r.attributes ->> c.attribute) || ''' names no ' || c.reference
  from unnest(%(kinds)s::text[], %(attributes)s::text[], %(references)s::text[]) as c (kind, attribute, reference)
  join import_row r on r.kind = c.kind and r.attributes ->> c.attribute is not null
 where not exists (
        select 1
          from asset_key k
         where k.city_id = %(city_id)s and k.kind = c.reference and k.code = r.attributes ->> c.attribute
       )
 order by r.layer_no, r.row_no
