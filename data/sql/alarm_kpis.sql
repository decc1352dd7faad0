-- own figures of the alarms that a seat sees, raised in a period: $5 from, $6 to; by rule, and the spans of 10 minutes with most.
-- A season has 400,000: they are looked at once, and nothing of their log
with seen as materialized (
    select l.rule_id, l.level, l.active, l.acknowledged, l.false_alarm,
           date_bin('10 minutes', l.raised_at, 'epoch') as slot,
           case when l.acknowledged then greatest(date_part('epoch', l.acknowledged_at - l.raised_at), 0) end as wait_s
      from alarm l
      join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
     where {scope:a}
       and l.raised_at >= $5
       and l.raised_at < $6
), counted as (
    select rule_id, slot, grouping(slot) = 1 as of_rule,
           count(*) as raised,
           count(*) filter (where level = 1) as level_1,
           count(*) filter (where level = 2) as level_2,
           count(*) filter (where level = 3) as level_3,
           count(*) filter (where not active) as cleared,
           count(*) filter (where acknowledged) as acknowledged,
           count(false_alarm) as judged,
           count(*) filter (where false_alarm) as false_alarms
      from seen
     group by grouping sets ((rule_id), (slot))
), rules as (
    select r.code, r.name_zh, r.name_en, c.raised, c.level_1, c.level_2, c.level_3, c.cleared, c.acknowledged, c.judged, c.false_alarms
      from counted c
      join alarm_rule r on r.city_id = $1 and r.rule_id = c.rule_id
     where c.of_rule
), windows as (
    select slot, raised from counted where not of_rule
), waits as (
    select percentile_cont(array[0.5, 0.9]) within group (order by wait_s) as at from seen
), standing as (
    select count(*) as open, count(*) filter (where l.raised_at < $6::timestamptz - interval '24 hours') as standing
      from alarm l
      join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
     where {scope:a} and l.active
)
select coalesce(sum(raised), 0)::bigint as raised,
       coalesce(sum(level_1), 0)::bigint as level_1,
       coalesce(sum(level_2), 0)::bigint as level_2,
       coalesce(sum(level_3), 0)::bigint as level_3,
       coalesce(sum(cleared), 0)::bigint as cleared,
       (select coalesce(max(raised), 0) from windows) as most_in_10_min,
       (select count(*) from windows where raised > 10) as floods,
       (select open from standing) as open,
       (select standing from standing) as standing,
       -- third_at: when the rule rang at its source two times before
       (select count(distinct (l.rule_id, l.source_id))
          from alarm l
          join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
         where {scope:a}
           and l.raised_at >= $5
           and l.raised_at < $6
           and l.raised_at - l.third_at <= interval '1 hour'
           and l.third_at >= $5) as chattering,
       coalesce(sum(acknowledged), 0)::bigint as acknowledged,
       (select at[1] from waits) as acknowledge_p50_s,
       (select at[2] from waits) as acknowledge_p90_s,
       coalesce(
           jsonb_agg(
               jsonb_build_object(
                   'rule_code', code, 'rule_name_zh', name_zh, 'rule_name_en', name_en,
                   'raised', raised, 'judged', judged, 'false_alarms', false_alarms
               ) order by raised desc, code
           ),
           '[]'
       ) as rules,
       array(select slot from windows order by raised desc, slot desc limit 10) as windows_at,
       array(select raised from windows order by raised desc, slot desc limit 10) as windows_raised
  from rules
