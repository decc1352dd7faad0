-- members stored before the other side of their pair
update asset a
   set pair_id = p.pair_id
  from import_pair p
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.kind = p.kind
   and a.attributes ->> 'pair_code' = p.pair_code
   and a.pair_id is distinct from p.pair_id
