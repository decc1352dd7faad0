-- which substation serves the asset of each source: itself, or by the declared chain of its building
select s.source_id, a.asset_id, a.name, coalesce(own.asset_id, served.asset_id) as substation_id
from source s
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
left join asset own on own.city_id = a.city_id and own.asset_id = a.asset_id and own.valid_to_at is null and own.kind = 'substation'
left join asset building on building.city_id = a.city_id and building.kind = 'building' and building.valid_to_at is null
    and building.code = a.attributes ->> 'building_code'
left join asset served on served.city_id = a.city_id and served.kind = 'substation' and served.valid_to_at is null
    and served.code = building.attributes ->> 'substation_code'
where {scope:a}
order by s.source_id
