-- own figures of the alarms that a seat sees, raised in a period: $5 from, $6 to
with seen as (
    select l.rule_id, l.source_id, l.level, l.active, l.acknowledged, l.false_alarm, l.raised_at, l.alarm_id,
           floor(extract(epoch from l.raised_at) / 600)::bigint as slot
      from alarm l
      join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
     where {scope:a}
       and l.raised_at >= $5
       and l.raised_at < $6
), slots as (
    select slot, count(*) as raised from seen group by slot
), waits as (
    select extract(epoch from min(t.happened_at) - s.raised_at) as wait_s
      from seen s
      join alarm_transition t on t.city_id = $1 and t.alarm_id = s.alarm_id and t.transition = 'acknowledged'
     where s.acknowledged
     group by s.alarm_id, s.raised_at
), paces as (
    select raised_at - lag(raised_at, 2) over (partition by rule_id, source_id order by raised_at) as three_within,
           rule_id, source_id
      from seen
)
select (select count(*) from seen) as raised,
       (select count(*) from seen where level = 1) as level_1,
       (select count(*) from seen where level = 2) as level_2,
       (select count(*) from seen where level = 3) as level_3,
       (select count(*) from seen where not active) as cleared,
       (select coalesce(max(raised), 0) from slots) as most_in_10_min,
       (select count(*) from slots where raised > 10) as floods,
       (select count(*)
          from alarm l
          join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
         where {scope:a} and l.active) as open,
       (select count(*)
          from alarm l
          join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
         where {scope:a} and l.active and l.raised_at < $6::timestamptz - interval '24 hours') as standing,
       (select count(distinct (rule_id, source_id)) from paces where three_within <= interval '1 hour') as chattering,
       (select count(*) from seen where acknowledged) as acknowledged,
       (select percentile_cont(0.5) within group (order by greatest(wait_s, 0)) from waits) as acknowledge_p50_s,
       (select percentile_cont(0.9) within group (order by greatest(wait_s, 0)) from waits) as acknowledge_p90_s
