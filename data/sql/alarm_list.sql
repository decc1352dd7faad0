-- a page of alarms first, then what each of them needs: who acknowledged, how often it rang. A season has 400,000
with page as (
    select l.*
      from alarm l
      join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
     where {part:alarm_asked}
     order by l.active desc, l.level, l.raised_at desc, l.alarm_id desc
     limit $7
    offset $8
)
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
    l.active,
    l.acknowledged,
    l.confirmed,
    case when l.shelved_until > now() then l.shelved_until end as shelved_until,
    l.suppressed,
    l.out_of_service,
    l.false_alarm,
    l.raised_at,
    l.cleared_at,
    ack.seat as acknowledged_by,
    ack.happened_at as acknowledged_at,
    l.active and l.raised_at < now() - interval '24 hours' as standing,
    coalesce(third.raised_at > now() - interval '1 hour', false) as chattering,
    held.incident_id,
    st_x(st_pointonsurface(a.geom)) as lon,
    st_y(st_pointonsurface(a.geom)) as lat,
    l.current_value,
    l.highest_value,
    r.pop_up,
    r.advice,
    (
        select count(*)
          from alarm l
          join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
         where {part:alarm_asked}
    ) as total
from page l
join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
left join lateral (
    select t.seat, t.happened_at
    from alarm_transition t
    where t.city_id = l.city_id and t.alarm_id = l.alarm_id and t.transition = 'acknowledged'
    order by t.transition_id
    limit 1
) ack on true
left join incident_alarm held on held.city_id = l.city_id and held.alarm_id = l.alarm_id and held.until_at is null
left join lateral (
    select c.raised_at
    from alarm c
    where c.city_id = l.city_id and c.rule_id = l.rule_id and c.source_id = l.source_id
    order by c.alarm_id desc
    offset 2
    limit 1
) third on true
order by l.active desc, l.level, l.raised_at desc, l.alarm_id desc
