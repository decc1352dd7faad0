-- whether the source of code $5 reports on an asset outside the scope
select true
from source s
join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
where s.city_id = $1 and s.code = $5::text and not {scope:a}
