-- sources of measuring devices that have frames of their own
insert into source (city_id, source_id, code, asset_id, schema_id, period_s, seat)
select
    $1,
    (select coalesce(max(source_id), 0) from source where city_id = $1) + row_number() over (order by w.code),
    w.code, w.asset_id, w.schema_id, w.period_s, $3
from jsonb_to_recordset($2::jsonb) as w (code text, asset_id int, schema_id int, period_s int)
on conflict (city_id, code) do update
set asset_id = excluded.asset_id, schema_id = excluded.schema_id, period_s = excluded.period_s, seat = excluded.seat
returning code, source_id
