select
    t.bsm, t.device_bsm, d.device_type, d.device_code, d.item, d.point,
    (select e ->> 'unit' from jsonb_array_elements(f.points) e where e ->> 'name' = d.point) as unit,
    t.level_1_below, t.level_1_above, t.level_2_below, t.level_2_above, t.level_3_below, t.level_3_above, t.seat, t.changed_at
from measuring_threshold t
join measuring_device d on d.city_id = t.city_id and d.bsm = t.device_bsm
join measuring_point p on p.city_id = d.city_id and p.bsm = d.point_bsm
join asset a on a.city_id = p.city_id and a.asset_id = p.asset_id
join source s on s.city_id = d.city_id and s.source_id = d.source_id
join frame_schema f on f.city_id = s.city_id and f.schema_id = s.schema_id
where {part:measuring_devices_asked}
order by t.bsm
limit $9 offset $10
