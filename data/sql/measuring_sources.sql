-- the visible sources of the codes $5 with their points
select s.code, s.source_id, f.code as schema_code, f.version as schema_version, f.points
from source s
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
join frame_schema f on f.city_id = s.city_id and f.schema_id = s.schema_id
where {scope:a} and s.code = any($5::text[])
