-- a heat pipe without a position is a finding of the network
insert into check_found (rule, key, asset_ids, asset_id)
select 'geometry_missing', a.asset_id::text, array[a.asset_id], a.asset_id
  from asset a
 where a.city_id = %(city_id)s
   and a.valid_to_at is null
   and a.geom is null
   and a.kind = any(%(placed_kinds)s)
   and not (a.kind = 'pipe' and coalesce(a.attributes ->> 'medium', 'heat') = 'heat')
