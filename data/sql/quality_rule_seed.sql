-- the rules that ship, where the city has none of that code yet
insert into quality_rule (city_id, code, version, definition)
select $1, shipped.code, 1, shipped.definition
from unnest($2::text[], $3::jsonb[]) as shipped (code, definition)
where not exists (select 1 from quality_rule r where r.city_id = $1 and r.code = shipped.code)
on conflict do nothing
