-- one source for each asset of the kinds $2, whose frames have the schemas $3 and periods $4; a clean-heating device has the
-- schema ($6) of the first of the words $5 that its type holds
with fresh as materialized (
    select a.asset_id, a.kind, a.code, a.attributes ->> 'device_type' as device_type
    from asset a
    left join source s on s.city_id = a.city_id and s.asset_id = a.asset_id and s.code = a.kind || ':' || a.code
    where a.city_id = $1 and a.valid_to_at is null and a.kind = any($2::text[]) and s.source_id is null
)
insert into source (city_id, source_id, code, asset_id, schema_id, period_s)
select
    $1,
    (select coalesce(max(source_id), 0) from source where city_id = $1) + row_number() over (order by f.kind, f.code),
    f.kind || ':' || f.code,
    f.asset_id,
    coalesce(device.schema_id, wanted.schema_id),
    wanted.period_s
from fresh f
join unnest($2::text[], $3::int[], $4::int[]) as wanted (kind, schema_id, period_s) on wanted.kind = f.kind
left join lateral (
    select word.schema_id
    from unnest($5::text[], $6::int[]) with ordinality as word (text, schema_id, place)
    where f.kind = 'heating_device' and strpos(f.device_type, word.text) > 0
    order by word.place
    limit 1
) device on true
on conflict (city_id, code) do nothing
