-- limits of single sources: those that somebody set for a rule at a source, and thresholds of measuring devices for rules that
-- take them. Where a source has both, the one that was set counts
select r.rule_id, l.place::int as place, l.source_id, l.limit_value
  from alarm_limit l
  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
 where l.city_id = $1
   and l.limit_value is not null
 union all
select r.rule_id, 0, d.source_id,
       case when r.above is not null then min(case r.level when 1 then t.level_1_above when 2 then t.level_2_above else t.level_3_above end)
            else max(case r.level when 1 then t.level_1_below when 2 then t.level_2_below else t.level_3_below end) end
  from measuring_threshold t
  join measuring_device d on d.city_id = t.city_id and d.bsm = t.device_bsm and d.state <> '报废'
  join source s on s.city_id = d.city_id and s.source_id = d.source_id and s.retired_at is null
  join frame_schema f on f.city_id = s.city_id and f.schema_id = s.schema_id
  join alarm_rule r on r.city_id = t.city_id and r.by_device and r.schema_code = f.code and r.point = d.point
 where t.city_id = $1
   and not exists (
        select 1 from alarm_limit l
         where l.city_id = $1 and l.rule_id = r.rule_id and l.source_id = d.source_id and l.place = 0 and l.limit_value is not null
       )
 group by r.rule_id, r.above, d.source_id
