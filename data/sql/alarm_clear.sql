with cleared as (
    update alarm a
    set active = false, cleared_at = c.cleared_at
    from unnest($2::int[], $3::int[], $4::timestamptz[]) as c (rule_id, source_id, cleared_at)
    where a.city_id = $1 and a.active and a.rule_id = c.rule_id and a.source_id = c.source_id
    returning a.alarm_id, a.cleared_at
)
insert into alarm_transition (city_id, alarm_id, transition, seat, happened_at)
select $1, alarm_id, 'cleared', $5, cleared_at
from cleared
