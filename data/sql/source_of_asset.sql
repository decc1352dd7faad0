-- sources of one visible asset, columns as source_list.sql
select s.source_id, s.code, s.asset_id, a.kind, a.company_id, a.area_id, s.schema_id, s.period_s
from source s
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
where {scope:a} and s.asset_id = $5::int
order by s.source_id
