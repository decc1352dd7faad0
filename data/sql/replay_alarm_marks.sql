-- what kept alarms from ringing, or ended it, up to (not with) $3, of the rules at sources that had an alarm open from $2 on:
-- a shelf and an out-of-service mark belong to the rule at the source, so those of its earlier alarms count too
with condition as (
    select distinct a.rule_id, a.source_id
    from alarm a
    where a.city_id = $1 and a.raised_at < $3::timestamptz and (a.cleared_at is null or a.cleared_at >= $2::timestamptz)
)
select a.rule_id, a.source_id, t.transition, (extract(epoch from t.happened_at) * 1000)::bigint as at_ms
from condition c
join alarm a on a.city_id = $1 and a.rule_id = c.rule_id and a.source_id = c.source_id
join alarm_transition t on t.city_id = $1 and t.alarm_id = a.alarm_id
where t.happened_at < $3::timestamptz and t.transition = any($4::text[])
order by t.transition_id
