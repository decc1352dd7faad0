-- the latest values of open alarms, and the furthest beyond their limit: never back in time
update alarm a
   set current_value = v.value,
       current_at = v.observed_at,
       highest_value = case when v.further then v.value else a.highest_value end,
       highest_at = case when v.further then v.observed_at else a.highest_at end
  from (
        select o.alarm_id, n.value, n.observed_at,
               case when r.above is not null then n.value > coalesce(o.highest_value, o.value)
                    else n.value < coalesce(o.highest_value, o.value) end as further
          from unnest($2::int[], $3::int[], $4::float8[], $5::timestamptz[]) as n (rule_id, source_id, value, observed_at)
          join alarm o on o.city_id = $1 and o.active and o.rule_id = n.rule_id and o.source_id = n.source_id
          join alarm_rule r on r.city_id = $1 and r.rule_id = o.rule_id
         where n.observed_at > coalesce(o.current_at, o.raised_at)
       ) v
 where a.city_id = $1 and a.alarm_id = v.alarm_id
