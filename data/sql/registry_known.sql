-- the sources of the codes $5, and whether the scope holds their assets
select s.code, s.asset_id, s.schema_id, s.period_s, s.retired_at is not null as retired,
       exists (select 1 from asset a where a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null)
       and not exists (
           select 1 from asset a
           where a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null and {scope:a}
       ) as foreign_to_scope
from source s
where s.city_id = $1 and s.code = any($5::text[])
