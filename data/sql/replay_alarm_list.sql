-- alarms that were open at $5, as they were known then: not cleared yet, acknowledged only if they were by then
select
    l.alarm_id,
    l.asset_id,
    a.name as asset_name,
    a.kind as asset_kind,
    r.code as rule_code,
    r.name_zh as rule_name_zh,
    r.name_en as rule_name_en,
    r.point,
    r.schema_code,
    l.level,
    l.value,
    l.limit_value,
    true as active,
    ack.happened_at is not null as acknowledged,
    l.raised_at,
    null::timestamptz as cleared_at,
    ack.seat as acknowledged_by,
    ack.happened_at as acknowledged_at,
    st_x(st_pointonsurface(a.geom)) as lon,
    st_y(st_pointonsurface(a.geom)) as lat
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
where {scope:a}
  and l.raised_at <= $5::timestamptz
  and (l.cleared_at is null or l.cleared_at > $5::timestamptz)
order by l.level, l.raised_at desc, l.alarm_id desc
limit $6
