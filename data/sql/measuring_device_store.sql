-- in the order given: a scrapped device frees its item before the next one takes it
insert into measuring_device (
    city_id, bsm, point_bsm, device_type, device_code, name, maker, model, position, area, street, relative_height,
    installed_at, origin, item, sampling_frequency, upload_frequency, power_supply, online_at, state, source_id, point, seat,
    changed_at
)
select
    $1, w.bsm, w.point_bsm, w.device_type, w.device_code, w.name, w.maker, w.model, w.position, w.area, w.street,
    w.relative_height, w.installed_at, w.origin, w.item, w.sampling_frequency, w.upload_frequency, w.power_supply, w.online_at,
    w.state, w.source_id, w.point, $3, now()
from jsonb_to_recordset($2::jsonb) as w (
    place int, bsm text, point_bsm text, device_type text, device_code text, name text, maker text, model text, position text,
    area text, street text, relative_height text, installed_at timestamptz, origin text, item text, sampling_frequency text,
    upload_frequency text, power_supply text, online_at timestamptz, state text, source_id int, point text
)
order by w.place
on conflict (city_id, bsm) do update
set point_bsm = excluded.point_bsm, device_type = excluded.device_type, device_code = excluded.device_code,
    name = excluded.name, maker = excluded.maker, model = excluded.model, position = excluded.position, area = excluded.area,
    street = excluded.street, relative_height = excluded.relative_height, installed_at = excluded.installed_at,
    origin = excluded.origin, item = excluded.item, sampling_frequency = excluded.sampling_frequency,
    upload_frequency = excluded.upload_frequency, power_supply = excluded.power_supply, online_at = excluded.online_at,
    state = excluded.state, source_id = excluded.source_id, point = excluded.point, seat = excluded.seat,
    changed_at = excluded.changed_at
