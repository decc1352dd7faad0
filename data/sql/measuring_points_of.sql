-- the visible points of the identification codes $5 with their assets
select p.bsm, p.asset_id
from measuring_point p
join asset a on a.city_id = p.city_id and a.asset_id = p.asset_id and a.valid_to_at is null
where {scope:a} and p.bsm = any($5::text[])
