-- a shelf and an out-of-service mark belong to the rule at the source: an alarm that comes again within them stays quiet
with raised as (
    insert into alarm (
        city_id, rule_id, asset_id, source_id, level, active, value, limit_value, raised_at, shelved_until, out_of_service, third_at
    )
    select $1, r.rule_id, r.asset_id, r.source_id, r.level, true, r.value, r.limit_value, r.raised_at,
           case when last.shelved_until > now() then last.shelved_until end, coalesce(last.out_of_service, false), third.raised_at
      from unnest($2::int[], $3::int[], $4::int[], $5::smallint[], $6::float8[], $7::float8[], $8::timestamptz[])
        as r (rule_id, asset_id, source_id, level, value, limit_value, raised_at)
      left join lateral (
            select a.shelved_until, a.out_of_service
              from alarm a
             where a.city_id = $1 and a.rule_id = r.rule_id and a.source_id = r.source_id
             order by a.alarm_id desc
             limit 1
           ) last on true
      left join lateral (
            select a.raised_at
              from alarm a
             where a.city_id = $1 and a.rule_id = r.rule_id and a.source_id = r.source_id
             order by a.alarm_id desc
            offset 1
             limit 1
           ) third on true
    on conflict (city_id, rule_id, source_id) where active do nothing
    returning alarm_id, raised_at, rule_id, source_id, shelved_until is not null or out_of_service as quiet
), logged as (
    insert into alarm_transition (city_id, alarm_id, transition, seat, happened_at)
    select $1, alarm_id, 'raised', $9, raised_at
      from raised
)
select rule_id, source_id from raised where quiet
