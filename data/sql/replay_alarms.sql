-- alarms that were open at some time from $2 up to (not with) $3, by the device's clock
select a.rule_id, a.source_id,
       (extract(epoch from a.raised_at) * 1000)::bigint as raised_ms,
       (extract(epoch from a.cleared_at) * 1000)::bigint as cleared_ms
from alarm a
where a.city_id = $1 and a.raised_at < $3::timestamptz and (a.cleared_at is null or a.cleared_at >= $2::timestamptz)
order by a.alarm_id
