-- alarms that were open at $5, as they were known then: not cleared yet, acknowledged, confirmed, shelved or judged only if they were by
-- then. The log does not hold until when a shelf was to last: only that it had not ended
select
    l.alarm_id,
    l.asset_id,
    a.name as asset_name,
    a.kind as asset_kind,
    a.area_id,
    a.company_id,
    r.code as rule_code,
    r.name_zh as rule_name_zh,
    r.name_en as rule_name_en,
    r.point,
    r.schema_code,
    r.per_h,
    l.source_id,
    l.level,
    l.value,
    l.limit_value,
    true as active,
    ack.happened_at is not null as acknowledged,
    coalesce(log.confirmed, false) as confirmed,
    case when log.shelf = 'shelved' then coalesce(l.shelved_until, $5::timestamptz) end as shelved_until,
    coalesce(log.folded = 'suppressed', false) as suppressed,
    coalesce(log.service = 'out_of_service', false) as out_of_service,
    case log.verdict when 'judged_false' then true when 'judged_true' then false end as false_alarm,
    l.raised_at,
    null::timestamptz as cleared_at,
    ack.seat as acknowledged_by,
    ack.happened_at as acknowledged_at,
    l.raised_at < $5::timestamptz - interval '24 hours' as standing,
    false as chattering,
    held.incident_id,
    st_x(st_pointonsurface(a.geom)) as lon,
    st_y(st_pointonsurface(a.geom)) as lat,
    null::float8 as current_value,
    null::float8 as highest_value,
    r.pop_up,
    r.advice,
    count(*) over () as total
from alarm l
join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
left join lateral (
    select t.seat, t.happened_at
    from alarm_transition t
    where t.city_id = l.city_id and t.alarm_id = l.alarm_id and t.transition = 'acknowledged'
      and t.happened_at <= $5::timestamptz
    order by t.transition_id
    limit 1
) ack on true
left join lateral (
    select bool_or(t.transition = 'confirmed') as confirmed,
           (array_agg(t.transition order by t.transition_id desc) filter (where t.transition in ('shelved', 'unshelved')))[1] as shelf,
           (array_agg(t.transition order by t.transition_id desc)
               filter (where t.transition in ('out_of_service', 'in_service')))[1] as service,
           (array_agg(t.transition order by t.transition_id desc)
               filter (where t.transition in ('suppressed', 'unsuppressed')))[1] as folded,
           (array_agg(t.transition order by t.transition_id desc)
               filter (where t.transition in ('judged_true', 'judged_false')))[1] as verdict
    from alarm_transition t
    where t.city_id = l.city_id and t.alarm_id = l.alarm_id and t.happened_at <= $5::timestamptz
) log on true
left join lateral (
    select m.incident_id
    from incident_alarm m
    where m.city_id = l.city_id and m.alarm_id = l.alarm_id and m.since_at <= $5::timestamptz
      and (m.until_at is null or m.until_at > $5::timestamptz)
    order by m.since_at desc
    limit 1
) held on true
where {scope:a}
  and l.raised_at <= $5::timestamptz
  and (l.cleared_at is null or l.cleared_at > $5::timestamptz)
order by l.level, l.raised_at desc, l.alarm_id desc
limit $6
