select
    d.bsm, d.point_bsm, d.device_type, d.device_code, d.name, d.maker, d.model, d.position, d.area, d.street,
    d.relative_height, d.installed_at, d.origin, d.item, d.sampling_frequency, d.upload_frequency, d.power_supply, d.online_at,
    d.state, d.point, d.seat, d.changed_at, p.asset_id, s.code as source, f.code as schema_code, f.version as schema_version,
    (select e ->> 'unit' from jsonb_array_elements(f.points) e where e ->> 'name' = d.point) as unit
from measuring_device d
join measuring_point p on p.city_id = d.city_id and p.bsm = d.point_bsm
join asset a on a.city_id = p.city_id and a.asset_id = p.asset_id
join source s on s.city_id = d.city_id and s.source_id = d.source_id
join frame_schema f on f.city_id = s.city_id and f.schema_id = s.schema_id
where {part:measuring_devices_asked}
order by d.bsm
limit $9 offset $10
