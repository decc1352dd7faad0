-- sources of some assets ($5) or kinds ($6) that a Scope sees, at most $7, in the order of twin.readings.Source
select s.source_id, s.code, s.asset_id, a.kind, a.company_id, a.area_id, s.schema_id, s.period_s
from source s
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
where {scope:a}
  and ($5::int[] is null or a.asset_id = any($5::int[]))
  and ($6::text[] is null or a.kind = any($6::text[]))
order by s.source_id
limit $7
