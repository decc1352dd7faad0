-- the next sources after $5 that the scope holds, with the substation that serves the asset of each: itself, or by the declared
-- chain of its building
select s.source_id, s.code, a.asset_id, a.kind as asset_kind, a.name as asset_name,
       case when a.kind = 'substation' then a.asset_id else served.asset_id end as substation_id,
       f.code || '/' || f.version as schema, s.period_s, a.company_id, s.retired_at is not null as retired
from source s
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
join frame_schema f on f.city_id = s.city_id and f.schema_id = s.schema_id
left join asset building on building.city_id = a.city_id and building.kind = 'building' and building.valid_to_at is null
    and building.code = a.attributes ->> 'building_code'
left join asset served on served.city_id = a.city_id and served.kind = 'substation' and served.valid_to_at is null
    and served.code = building.attributes ->> 'substation_code'
where {scope:a}
  and s.city_id = $1 and s.source_id > $5
  and ($7::text is null or a.kind = $7)
  and ($8::int is null or a.asset_id = $8)
  and ($9::int is null or a.company_id = $9)
  and ($10::text is null or strpos(lower(s.code), lower($10)) > 0 or strpos(lower(a.name), lower($10)) > 0)
  and ($11::text is null or s.code = $11)
  and (s.retired_at is not null) = $12
order by s.source_id
limit $6
