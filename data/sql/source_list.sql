-- sources in use, of existing assets, with what the Scope asks of them, in the order of twin.readings.Source
select s.source_id, s.code, s.asset_id, a.kind, a.company_id, a.area_id, s.schema_id, s.period_s
from source s
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
where s.city_id = $1 and s.retired_at is null
order by s.source_id
