-- what rows of a register may hang on
select a.code, a.name, a.asset_id, a.area_id
  from asset a
 where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = any(%(kinds)s::text[])
 order by array_position(%(kinds)s::text[], a.kind) desc, a.code
