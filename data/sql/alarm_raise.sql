with raised as (
    insert into alarm (city_id, rule_id, asset_id, source_id, level, active, value, limit_value, raised_at)
    select $1, r.rule_id, r.asset_id, r.source_id, r.level, true, r.value, r.limit_value, r.raised_at
    from unnest($2::int[], $3::int[], $4::int[], $5::smallint[], $6::float8[], $7::float8[], $8::timestamptz[])
        as r (rule_id, asset_id, source_id, level, value, limit_value, raised_at)
    on conflict (city_id, rule_id, source_id) where active do nothing
    returning alarm_id, raised_at
)
insert into alarm_transition (city_id, alarm_id, transition, seat, happened_at)
select $1, alarm_id, 'raised', $9, raised_at
from raised
