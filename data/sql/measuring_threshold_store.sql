insert into measuring_threshold (
    city_id, device_bsm, bsm, level_1_below, level_1_above, level_2_below, level_2_above, level_3_below, level_3_above, seat,
    changed_at
)
select
    $1, w.device_bsm, w.bsm, w.level_1_below, w.level_1_above, w.level_2_below, w.level_2_above, w.level_3_below,
    w.level_3_above, $3, now()
from jsonb_to_recordset($2::jsonb) as w (
    device_bsm text, bsm text, level_1_below double precision, level_1_above double precision, level_2_below double precision,
    level_2_above double precision, level_3_below double precision, level_3_above double precision
)
on conflict (city_id, device_bsm) do update
set bsm = excluded.bsm,
    level_1_below = excluded.level_1_below, level_1_above = excluded.level_1_above, level_2_below = excluded.level_2_below,
    level_2_above = excluded.level_2_above, level_3_below = excluded.level_3_below, level_3_above = excluded.level_3_above,
    seat = excluded.seat, changed_at = excluded.changed_at
