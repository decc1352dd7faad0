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
    l.active,
    l.acknowledged,
    l.raised_at,
    l.cleared_at,
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
    order by t.transition_id
    limit 1
) ack on true
where {scope:a}
  and ($5::bool is null or l.active = $5)
  and ($6::bigint is null or l.alarm_id = $6)
order by l.active desc, l.level, l.raised_at desc, l.alarm_id desc
limit $7
