-- rows by the values of up to three attributes; a name too few counts as one without value
select r.attributes -> ($11::text[])[1] as first, r.attributes -> ($11::text[])[2] as second,
       r.attributes -> ($11::text[])[3] as third, count(*) as rows
  from register_row r
 where {scope:r}
   and r.kind = $5::text
   and ($6::int is null or r.asset_id = $6::int or r.area_id = $6::int)
   and ($7::text is null or ($8::boolean and r.code ilike $7::text) or ($9::boolean and r.name ilike $7::text))
   and ($10::text is null or r.attributes @> $10::text::jsonb)
 group by 1, 2, 3
 order by count(*) desc, 1, 2, 3
