-- the side of a heat pipe is a finding of the network, where its absence matters
insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'required_missing', a.asset_id || ':' || r.attribute, array[a.asset_id], a.asset_id,
       jsonb_build_object('attribute', r.attribute)
  from unnest(%(required_kinds)s::text[], %(required_attributes)s::text[]) r (kind, attribute)
  join asset a on a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = r.kind
 where a.attributes ->> r.attribute is null
   and not (a.kind = 'pipe' and (r.attribute = 'side' or coalesce(a.attributes ->> 'medium', 'heat') <> 'heat'))
