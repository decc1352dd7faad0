-- a source of a visible asset, with the code of its schema
select s.source_id, s.asset_id, f.code as schema_code
  from source s
  join frame_schema f on f.city_id = s.city_id and f.schema_id = s.schema_id
  join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
 where {scope:a}
   and s.code = $5
   and s.retired_at is null
