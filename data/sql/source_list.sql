-- sources of existing assets with what the Scope asks of them
select s.source_id, s.code, s.asset_id, s.schema_id, s.period_s, a.kind, a.company_id, a.area_id
from source s
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
where s.city_id = $1
order by s.source_id
