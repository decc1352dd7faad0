select count(*)
from measuring_threshold t
join measuring_device d on d.city_id = t.city_id and d.bsm = t.device_bsm
join measuring_point p on p.city_id = d.city_id and p.bsm = d.point_bsm
join asset a on a.city_id = p.city_id and a.asset_id = p.asset_id
where {part:measuring_devices_asked}
