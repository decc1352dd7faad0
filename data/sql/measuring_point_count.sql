select count(*)
from measuring_point p
join asset a on a.city_id = p.city_id and a.asset_id = p.asset_id
where {part:measuring_points_asked}
