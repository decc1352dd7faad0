-- surfaces of the buildings that a Scope holds; one of a precision has none, they cannot be rounded and stay closed
select s.asset_id, st_asbinary(s.geom)
  from building_surface s
  join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id
 where {scope:a} and a.kind = 'building' and a.valid_to_at is null
 order by s.asset_id
